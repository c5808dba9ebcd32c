"""Reads YAML into plain values and remembers the line and column of every one of them."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from stream.errors import UsageError

Place = tuple[Any, ...]
_MAX_BYTES = 1_000_000
_MOST_VALUES = 100_000
_DEEPEST = 30


@dataclass(slots=True)
class MarkedYaml:
    """A YAML document.

    Attributes:
        path: The file.
        content: Mappings, lists and scalars.
        marks: Line and column, both from 1, by place: the keys and indices that lead there.
    """

    path: Path
    content: Any = None
    marks: dict[Place, tuple[int, int]] = field(default_factory=dict)

    def error(self, at: Place, message: str) -> UsageError:
        """Return an error that names the nearest known place above `at`."""
        near = at
        while near and near not in self.marks:
            near = near[:-1]
        line, column = self.marks.get(near, (1, 1))
        return UsageError(f"{self.path}:{line}:{column}: {message}")


def read_yaml(path: Path) -> MarkedYaml:
    """Return a file's content with the place of each value.

    Raises:
        UsageError: It cannot be read, is no plain YAML, or names a key twice.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise UsageError(f"{path}: is larger than {_MAX_BYTES} bytes; is it a line file?")
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from error
    except yaml.YAMLError as error:
        raise _not_yaml(path, error) from error
    except RecursionError as error:
        raise UsageError(f"{path}:1:1: is nested too deeply to be a line file") from error
    found = MarkedYaml(path)
    if node is not None:
        found.content = _plain(found, node, ())
    return found


def _not_yaml(path: Path, error: yaml.YAMLError) -> UsageError:
    mark = getattr(error, "problem_mark", None)
    place = f"{mark.line + 1}:{mark.column + 1}" if mark else "1:1"
    words = getattr(error, "problem", None) or str(error).splitlines()[0]
    return UsageError(f"{path}:{place}: is not YAML: {words}")


def _plain(found: MarkedYaml, node: yaml.Node, at: Place) -> Any:
    found.marks.setdefault(at, (node.start_mark.line + 1, node.start_mark.column + 1))
    # An anchor inside itself has no end, and anchors of anchors have millions of values.
    if len(at) > _DEEPEST or len(found.marks) > _MOST_VALUES:
        raise found.error(at, "is nested too deeply or too large to be a line file")
    if isinstance(node, yaml.MappingNode):
        return _mapping(found, node, at)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(found, child, (*at, index)) for index, child in enumerate(node.value)]
    try:
        return yaml.SafeLoader("").construct_object(node)
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise found.error(at, f"{dotted(at)}: {node.value!r} is no plain value ({node.tag})") from error


def _mapping(found: MarkedYaml, node: yaml.MappingNode, at: Place) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key_node, value_node in node.value:
        mark = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
        if not isinstance(key_node, yaml.ScalarNode):
            found.marks[*at, "?"] = mark
            raise found.error((*at, "?"), f"{dotted(at)}: a key must be a word")
        key = key_node.value
        twice = key in made
        found.marks[*at, key] = mark
        if twice:
            raise found.error((*at, key), f"{dotted((*at, key))}: stands twice; keep one")
        made[key] = _plain(found, value_node, (*at, key))
    return made


def dotted(at: Place) -> str:
    """Return a place as a person writes it: `roles.amount.unit`."""
    return ".".join(str(part) for part in at) or "line"
