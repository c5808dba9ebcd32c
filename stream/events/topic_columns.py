"""Reads a topic's events as columns: each one's JSON is parsed, the rest is done role by role."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from stream.events.event_batch import EventBatch, take_rows
from stream.events.field_parser import FieldParser
from stream.events.line_columns import Alike, alike, paths_of, read_columns
from stream.events.line_reader import LineChooser, LineReader

Part = tuple[EventBatch, npt.NDArray[np.int64]]
"""Some events, and at which places of the whole they stand."""

# For fewer events of lines that read alike, columns cost more than they save.
_FEWEST = 8


class TopicColumns:
    """Reads what is plain among the events of one topic."""

    def __init__(self, readers: list[LineReader], chooser: LineChooser, max_bytes: int) -> None:
        """Compile the paths of all fields that the lines read.

        Args:
            readers: Of the topic's lines.
            chooser: Over these.
            max_bytes: Larger events are not read.
        """
        self._chooser = chooser
        self._max_bytes = max_bytes
        self._paths = sorted(chooser.paths.union(*(paths_of(reader.line.roles) for reader in readers)))
        self._parser = FieldParser(self._paths)
        # Readers of lines that read alike have one number.
        numbers: dict[Alike, int] = {}
        self._number = {reader: numbers.setdefault(alike(reader.line), len(numbers)) for reader in readers}

    def read(self, values: Sequence[bytes | None], produced_at_ms: Sequence[int], now_s: float) -> list[Part]:
        """Return the plain events of `values` in parts, in order within each.

        Whatever is in no part is odd: what it is, or why it is refused, is for the reader of
        single events to say.
        """
        rows, fields = self._parser.parse(values, self._max_bytes)
        if len(rows) < _FEWEST:
            return []
        columns = dict(zip(self._paths, zip(*fields, strict=True), strict=True))
        parts = list[Part]()
        for readers, members in self._groups(self._chooser.choose_all(columns, len(rows))):
            whole = len(members) == len(rows)
            own = columns if whole else {path: [column[at] for at in members] for path, column in columns.items()}
            places = np.array(rows, np.int64)[members]
            produced = [produced_at_ms[place] for place in places.tolist()]
            batch, odd = read_columns(own, [one.line.name for one in readers], produced, readers[0].line, now_s)
            if odd.any():
                plain = np.flatnonzero(~odd)
                batch, places = take_rows(batch, plain), places[plain]
            parts.append((batch, places))
        return parts

    def _groups(self, chosen: list[LineReader | None]) -> Iterator[tuple[list[LineReader], list[int]]]:
        """Yield events of lines that read alike: each one's reader, and which they are."""
        members: dict[int, list[int]] = defaultdict(list)
        for at, reader in enumerate(chosen):
            if reader is not None:
                members[self._number[reader]].append(at)
        for own in members.values():
            if len(own) >= _FEWEST:
                yield [reader for at in own if (reader := chosen[at]) is not None], own
