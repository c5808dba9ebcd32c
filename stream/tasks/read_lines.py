"""Turns the entries of a tasks file into lines with features."""

import itertools
import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from metalearn.evaluation.few_shot import Line
from metalearn.tasks.task import Task
from stream.errors import UsageError
from stream.events.business_line import BusinessLine
from stream.events.line_file import load_lines
from stream.events.line_roles import Roles
from stream.tasks import columns
from stream.tasks.line_texts import LineTexts
from stream.tasks.streamed_features import StreamedFeatures, beside_documents, joined, streamed_features, streamed_line
from stream.tasks.tasks_file import SECTIONS, Entry, Section, TasksFile, entry_words

Advance = Callable[[str, int, int], None]
"""Told a file's name, how many of its events were done now, and how many there are."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A line that cannot be judged, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class _Part:
    """A line of an entry: its name and which rows of the file are its."""

    name: str
    mine: npt.NDArray[np.bool_]
    label: str
    label_delay_s: float


@dataclass(frozen=True, slots=True)
class _Rows:
    """All rows of an entry's file: what their features are made of, times, and which of them count.

    Payments beside documents have all features of documents' lines (`widened`).
    """

    streamed: StreamedFeatures | None
    widened: bool
    others: list[npt.NDArray[np.float64]]
    occurred_at_s: npt.NDArray[np.float64] | None
    usable: npt.NDArray[np.bool_]
    texts: LineTexts | None

    def features(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Return the features of some rows, float32 [k, features]."""
        streamed = [] if self.streamed is None else [self.streamed.of_rows(rows)]
        parts = [beside_documents(one) for one in streamed] if self.widened else streamed
        parts += [column[rows, None].astype(np.float32) for column in self.others]
        return np.concatenate(parts, 1)


class LineReader:
    """Reads lines; what several entries share is read once.

    Attributes:
        folders: Where the files that a tasks file names may lie.
        texts: The words of the lines that were read, by name, of those whose words are features: they become
            columns once it is known which lines are for training.
    """

    def __init__(self, tasks_path: Path, data: Path | None, advance: Advance = lambda *_: None) -> None:
        """Look for files beside the tasks file, and in `data`."""
        self._path = tasks_path
        self.folders = [tasks_path.parent, *([data] if data is not None else [])]
        self._advance = advance
        self.texts: dict[str, LineTexts] = {}
        self._tables: dict[Path, Any] = {}
        self._declared_in: dict[Path, dict[str, BusinessLine]] = {}
        self._streamed: dict[tuple[Path, str, str], StreamedFeatures] = {}
        self._reads_documents = False

    def read(self, tasks: TasksFile) -> tuple[dict[Section, list[Line]], list[Skipped]]:
        """Return the lines of every section, and those of `each` that were left out.

        Raises:
            UsageError: A file, a column or a value does not fit; says which entry and field.
        """
        found: dict[Section, list[Line]] = {section: [] for section in SECTIONS}
        skipped: list[Skipped] = []
        entries = [
            (section, entry, f"{self._path}: {entry_words(section, at, entry.name)}")
            for section in SECTIONS
            for at, entry in enumerate(tasks.entries(section))
        ]
        declared = [line for _, entry, where in entries for line in self._declared_lines(entry, where).values()]
        self._reads_documents = any(line.documents is not None for line in declared)
        for section, entry, where in entries:
            try:
                found[section] += self._lines(entry, where, skipped)
            except ValueError as error:
                raise UsageError(f"{where}: {error}") from error
        self._refuse_misfits([line for lines in found.values() for line in lines])
        return found, skipped

    def _refuse_misfits(self, lines: list[Line]) -> None:
        names = [line.task.name for line in lines]
        if twins := [name for name in names if names.count(name) > 1]:
            raise UsageError(f"{self._path}: two lines are called {twins[0]}; give one of them another name")
        for line in lines:
            own, first = line.task.features.shape[1], lines[0].task.features.shape[1]
            if own != first:
                raise UsageError(
                    f"{self._path}: line {names[0]} has {first} features and line {line.task.name} has {own}; "
                    "all lines of a file must have the same ones"
                )

    def _lines(self, entry: Entry, where: str, skipped: list[Skipped]) -> Iterator[Line]:
        path = self._file(entry.events, where, "events")
        table = self._table(path)
        needed = [*([entry.label] if entry.label else []), *(entry.features or ()), *entry.extra, *entry.categorical]
        needed += [*entry.where, *entry.each, *entry.repeat_columns, *filter(None, (entry.time, entry.text))]
        if missing := [name for name in needed if name not in table.column_names]:
            raise UsageError(f"{where}: {path} has no column {missing[0]}; it has {', '.join(table.column_names)}")
        declared = self._declared_lines(entry, where)
        rows = self._rows(entry, path, table, declared)
        for part in self._parts(entry, table, declared, where, skipped, rows):
            chosen = _chosen(table, rows, part)
            if rows.texts is not None:
                self.texts[part.name] = rows.texts.of_rows(chosen)
            yield _line(entry, table, rows, part, chosen)

    def _rows(self, entry: Entry, path: Path, table: Any, declared: dict[str, BusinessLine]) -> _Rows:
        more = [columns.log_numbers(table[name], name) for name in entry.extra]
        more += [columns.codes(table[name]) for name in entry.categorical]
        usable = np.ones(table.num_rows, np.bool_)
        for name, wanted in entry.where.items():
            usable &= columns.holds(table[name], wanted, name)
        times: npt.NDArray[np.float64] | None
        streamed: StreamedFeatures | None = None
        of_documents = any(line.documents is not None for line in declared.values())
        if entry.features is not None:
            more = [*(columns.numbers(table[name], name) for name in entry.features), *more]
            times = columns.moments(table[entry.time], entry.time) if entry.time else None
        else:
            if declared:
                streamed = joined([self._stream_line(path, table, line) for line in declared.values()])
            else:
                assert entry.roles is not None  # noqa: S101 - an entry has one of the three
                streamed = self._stream(path, entry.roles, entry.currency, table.num_rows)
            times, fresh = streamed.whole_file(table.num_rows)
            usable &= fresh
        if times is not None:
            usable &= times >= (-np.inf if entry.since_s is None else entry.since_s)
            usable &= times < (np.inf if entry.until_s is None else entry.until_s)
        texts = LineTexts.of_column(table[entry.text]) if entry.text is not None else None
        return _Rows(streamed, self._reads_documents and not of_documents, more, times, usable, texts)

    def _parts(
        self,
        entry: Entry,
        table: Any,
        declared: dict[str, BusinessLine],
        where: str,
        skipped: list[Skipped],
        rows: _Rows,
    ) -> Iterator[_Part]:
        whole = np.ones(table.num_rows, np.bool_)
        for label, delay_s, name, mine in self._declared(entry, table, declared, where, whole):
            if not entry.each:
                yield _Part(name, mine, label, delay_s)
                continue
            told = columns.labels(table[label], label)
            for inside, chosen in _crossings(entry, table):
                full = f"{name}/{inside}" if name else inside
                frauds = int((told[mine & chosen & rows.usable] == 1).sum())
                if frauds >= entry.least_frauds:
                    yield _Part(full, mine & chosen, label, delay_s)
                else:
                    skipped.append(Skipped(full, f"has {frauds} frauds, fewer than {entry.least_frauds}"))

    def _declared(
        self, entry: Entry, table: Any, declared: dict[str, BusinessLine], where: str, whole: npt.NDArray[np.bool_]
    ) -> Iterator[tuple[str, float, str, npt.NDArray[np.bool_]]]:
        if not declared:
            yield entry.label or "", entry.label_delay_s or 0.0, entry.name or "", whole
        for name, line in declared.items():
            label = entry.label or line.history.label
            if label is None:
                raise UsageError(f"{where}: field label: is missing, and line {name} names none: history.label")
            mine = whole.copy()
            for column, wanted in line.match.items():
                mine &= columns.holds(table[column], [wanted], column)
            delay_s = line.label_delay_s if entry.label_delay_s is None else entry.label_delay_s
            alone = entry.name if entry.name and len(declared) == 1 else None
            yield label, delay_s, alone or (f"{entry.name}/{name}" if entry.name else name), mine

    def _declared_lines(self, entry: Entry, where: str) -> dict[str, BusinessLine]:
        """Return the lines of an entry's line file; the one that the entry's name says, where there is one."""
        if entry.line is None:
            return {}
        path = self._file(entry.line, where, "line")
        if path not in self._declared_in:
            self._declared_in[path] = load_lines([path])
        lines = self._declared_in[path]
        return {entry.name: lines[entry.name]} if entry.name in lines else lines

    def _stream(self, path: Path, roles: Roles, currency: str, count: int) -> StreamedFeatures:
        key = (path, json.dumps(roles.model_dump(), default=str, sort_keys=True), currency)
        if key not in self._streamed:
            self._streamed[key] = streamed_features(
                path, roles, currency, lambda done: self._advance(path.name, done, count)
            )
        return self._streamed[key]

    def _stream_line(self, path: Path, table: Any, line: BusinessLine) -> StreamedFeatures:
        # The same line of two files is another one in each, and so are two files' lines of one name.
        key = (path, line.model_dump_json(), "")
        if key not in self._streamed:
            told = lambda done: self._advance(path.name, done, table.num_rows)  # noqa: E731
            self._streamed[key] = streamed_line(path, table, line, told)
        return self._streamed[key]

    def _file(self, name: str, where: str, field: str) -> Path:
        for folder in self.folders:
            if (folder / name).is_file():
                return (folder / name).resolve()
        tried = " or ".join(str(folder) for folder in self.folders)
        hint = "" if len(self.folders) > 1 else "; name the folder of the data with --data"
        raise UsageError(f"{where}: field {field}: {name} is not in {tried}{hint}")

    def _table(self, path: Path) -> Any:
        if path not in self._tables:
            try:
                self._tables[path] = pq.read_table(path)
            except (OSError, pa.ArrowException) as error:
                raise UsageError(f"{path}: cannot be read as parquet: {str(error).splitlines()[0]}") from error
        return self._tables[path]


def _crossings(entry: Entry, table: Any) -> Iterator[tuple[str, npt.NDArray[np.bool_]]]:
    choices = []
    for column in entry.each:
        groups = entry.groups.get(column)
        if groups is None:
            wanted = entry.values.get(column)
            named = (
                [str(one) for one in wanted] if wanted else sorted(set(columns.texts(table[column]).tolist()) - {""})
            )
            groups = {name: (name,) for name in named}
        choices.append([(name, columns.holds(table[column], wanted, column)) for name, wanted in groups.items()])
    for crossing in itertools.product(*choices):
        chosen = np.ones(table.num_rows, np.bool_)
        for _, mine in crossing:
            chosen &= mine
        yield "/".join(name for name, _ in crossing), chosen


def _chosen(table: Any, rows: _Rows, part: _Part) -> npt.NDArray[np.int64]:
    """Return the rows of a line in the order in which they came."""
    labels = columns.labels(table[part.label], part.label)
    chosen = np.flatnonzero(part.mine & rows.usable & (labels >= 0))
    if rows.occurred_at_s is None:
        # Nobody says what came first: a random order, the same every time.
        return np.random.default_rng(zlib.crc32(part.name.encode())).permutation(chosen)
    return chosen[np.argsort(rows.occurred_at_s[chosen], kind="stable")]


def _line(entry: Entry, table: Any, rows: _Rows, part: _Part, chosen: npt.NDArray[np.int64]) -> Line:
    labels = columns.labels(table[part.label], part.label)[chosen]
    known = rows.occurred_at_s
    times = np.arange(len(chosen), dtype=np.float64) if known is None else known[chosen]
    task = Task(part.name, rows.features(chosen), labels, times, times + part.label_delay_s)
    return Line(task, known is not None, _repeats(entry, table, chosen), entry.kind)


def _repeats(entry: Entry, table: Any, chosen: npt.NDArray[np.int64]) -> npt.NDArray[np.int64] | None:
    if not entry.repeat_columns:
        return None
    values = np.stack([columns.codes(table[name])[chosen] for name in entry.repeat_columns], 1)
    _, number = np.unique(np.nan_to_num(values, nan=-1.0), axis=0, return_inverse=True)
    return np.asarray(number, np.int64).reshape(-1)
