"""Reads line files: YAML, every error with its file, line, column and field."""

import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from stream.errors import UsageError
from stream.events.business_line import BusinessLine
from stream.events.line_file_words import explain
from stream.events.line_reader import fits
from stream.events.yaml_marks import MarkedYaml, Place, dotted, read_yaml


def load_lines(paths: Iterable[Path]) -> dict[str, BusinessLine]:
    """Return the lines that files declare, by name.

    Args:
        paths: Files, or folders whose `.yaml` and `.yml` files are all read.

    Raises:
        UsageError: A file cannot be read or does not fit; says file, line, column, field.
    """
    found: dict[str, BusinessLine] = {}
    where: dict[str, tuple[MarkedYaml, Place]] = {}
    for path in _files(paths):
        for line, document, at in _read(path):
            if line.name in found:
                other = where[line.name][0].path
                raise document.error((*at, "line"), f"line: {line.name} is declared in {other} too; rename one of them")
            found[line.name], where[line.name] = line, (document, at)
    if not found:
        raise UsageError("no line files were given; see `foreshot lines check --help`")
    _check_shared_topics(found, where)
    return found


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    seen: set[Path] = set()
    for path in paths:
        inside = [path]
        if path.is_dir():
            inside = sorted(one for one in path.iterdir() if one.suffix in (".yaml", ".yml"))
            if not inside:
                raise UsageError(f"{path}: holds no .yaml files")
        for file in inside:
            # A file that was named and lies in a named folder too is one file.
            if file.resolve() not in seen:
                seen.add(file.resolve())
                yield file


def _read(path: Path) -> Iterator[tuple[BusinessLine, MarkedYaml, Place]]:
    document = read_yaml(path)
    content = document.content
    if not isinstance(content, dict):
        raise document.error((), "must be a mapping that declares a line, or `lines:` with a list of them")
    if set(content) != {"lines"}:
        yield _validate(document, content, ()), document, ()
        return
    if not isinstance(content["lines"], list) or not content["lines"]:
        raise document.error(("lines",), "lines: must be a list of lines")
    for index, one in enumerate(content["lines"]):
        yield _validate(document, one, ("lines", index)), document, ("lines", index)


def _validate(document: MarkedYaml, content: Any, at: Place) -> BusinessLine:
    if not isinstance(content, dict):
        raise document.error(at, f"{dotted(at)}: must be a mapping that declares a line")
    try:
        return BusinessLine.model_validate(content)
    except ValidationError as error:
        # Unknown keys first: a misspelt one is why another is missing.
        found = sorted(error.errors(include_url=False), key=lambda one: one["type"] != "extra_forbidden")
        inside, words = explain(found[0])
        more = len({explain(one)[0] for one in found}) - 1
        words += f" (and {more} more)" if more else ""
        raise document.error((*at, *inside), f"{dotted(inside)}: {words}") from error


def _check_shared_topics(lines: dict[str, BusinessLine], where: dict[str, tuple[MarkedYaml, Place]]) -> None:
    for one, other in itertools.combinations(lines.values(), 2):
        if one.topic != other.topic:
            continue
        document, at = where[other.name]
        if one.documents != other.documents:
            message = f"documents: lines {one.name} and {other.name} share topic {one.topic}; give both or neither"
            raise document.error((*at, "documents"), message)
        if not any(not fits(other.match[name], value) for name, value in one.match.items() if name in other.match):
            raise document.error(
                (*at, "match"),
                f"match: an event of topic {one.topic} could be of line {one.name} or {other.name}; "
                "give both a field with different values, such as match: {product: credit}",
            )
        if one.rekey != other.rekey:
            message = f"rekey: lines {one.name} and {other.name} share topic {one.topic}; give both the same value"
            raise document.error((*at, "rekey"), message)
