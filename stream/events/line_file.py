"""Reads line files: YAML, every error with its file, line, column and field."""

import difflib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from stream.errors import UsageError
from stream.events.business_line import BusinessLine

_Mark = tuple[int, int]
_MAX_BYTES = 1_000_000


def load_lines(paths: Iterable[Path]) -> dict[str, BusinessLine]:
    """Return the lines that files declare, by name.

    Args:
        paths: Files, or folders whose `.yaml` and `.yml` files are all read.

    Raises:
        UsageError: A file cannot be read or does not fit; says file, line, column, field.
    """
    found: dict[str, BusinessLine] = {}
    where: dict[str, Path] = {}
    for path in _files(paths):
        for line in _read(path):
            if line.name in found:
                raise UsageError(f"{path}: line {line.name} is declared in {where[line.name]} too; rename one of them")
            found[line.name], where[line.name] = line, path
    if not found:
        raise UsageError("no line files were given; see `foreshot lines check --help`")
    _check_shared_topics(found, where)
    return found


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            files = sorted(one for one in path.iterdir() if one.suffix in (".yaml", ".yml"))
            if not files:
                raise UsageError(f"{path}: holds no .yaml files")
            yield from files
        else:
            yield path


def _read(path: Path) -> list[BusinessLine]:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise UsageError(f"{path}: is larger than {_MAX_BYTES} bytes; is it a line file?")
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"{mark.line + 1}:{mark.column + 1}" if mark else "1:1"
        raise UsageError(f"{path}:{place}: is not YAML: {error.problem or error.context}") from error
    except yaml.YAMLError as error:
        raise UsageError(f"{path}:1:1: is not YAML: {error}") from error
    if not isinstance(node, yaml.MappingNode):
        raise UsageError(f"{path}:1:1: must be a mapping that declares a line, or `lines:` with a list of them")
    marks: dict[tuple[Any, ...], _Mark] = {}
    content = _plain(path, node, (), marks)
    if set(content) == {"lines"} and isinstance(content["lines"], list):
        return [_validate(path, one, ("lines", at), marks) for at, one in enumerate(content["lines"])]
    return [_validate(path, content, (), marks)]


def _plain(path: Path, node: yaml.Node, at: tuple[Any, ...], marks: dict[tuple[Any, ...], _Mark]) -> Any:
    marks[at] = (node.start_mark.line + 1, node.start_mark.column + 1)
    if isinstance(node, yaml.MappingNode):
        made: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(getattr(key_node, "value", ""))
            mark = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            if key in made:
                raise UsageError(f"{path}:{mark[0]}:{mark[1]}: {_dotted((*at, key))}: stands twice; keep one")
            made[key] = _plain(path, value_node, (*at, key), marks)
            marks[*at, key] = mark
        return made
    if isinstance(node, yaml.SequenceNode):
        return [_plain(path, child, (*at, index), marks) for index, child in enumerate(node.value)]
    return yaml.SafeLoader("").construct_object(node)


def _validate(path: Path, content: Any, at: tuple[Any, ...], marks: dict[tuple[Any, ...], _Mark]) -> BusinessLine:
    try:
        return BusinessLine.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        inside = tuple(part for part in first["loc"] if not _is_tag(part))
        line, column = _mark_of((*at, *inside), marks)
        message = _message(first["type"], first["msg"], inside)
        raise UsageError(f"{path}:{line}:{column}: {_dotted(inside)}: {message}") from error


def _is_tag(part: Any) -> bool:
    return isinstance(part, str) and ("function-" in part or part in ("str", "int", "bool"))


def _mark_of(at: tuple[Any, ...], marks: dict[tuple[Any, ...], _Mark]) -> _Mark:
    while at and at not in marks:
        at = at[:-1]
    return marks.get(at, (1, 1))


def _message(kind: str, text: str, at: tuple[Any, ...]) -> str:
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(str(at[-1]), sorted(_known_names(BusinessLine)), n=1)
        return f"is not a field of a line file{f'; did you mean {near[0]}?' if near else ''}"
    if kind == "missing":
        return "is missing"
    return text.removeprefix("Value error, ")


def _known_names(model: type[BaseModel]) -> set[str]:
    names: set[str] = set()
    for name, field in model.model_fields.items():
        names.add(field.alias or name)
        for inner in (field.annotation, *get_args(field.annotation)):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                names |= _known_names(inner)
    return names


def _dotted(at: tuple[Any, ...]) -> str:
    return ".".join(str(part) for part in at) or "line"


def _check_shared_topics(lines: dict[str, BusinessLine], where: dict[str, Path]) -> None:
    by_topic: dict[str, list[BusinessLine]] = {}
    for line in lines.values():
        by_topic.setdefault(line.topic, []).append(line)
    for topic, sharing in by_topic.items():
        seen: dict[str, str] = {}
        for line in sharing if len(sharing) > 1 else ():
            if not line.match:
                raise UsageError(
                    f"{where[line.name]}: match: line {line.name} shares topic {topic} and must say how an event names it"
                )
            if (same := seen.setdefault(repr(sorted(line.match.items())), line.name)) != line.name:
                raise UsageError(f"{where[line.name]}: match: lines {same} and {line.name} match the same events")
