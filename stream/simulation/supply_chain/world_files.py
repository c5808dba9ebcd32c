"""Writes simulated documents, their truth and their labels where other programs can read them."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from stream.simulation.supply_chain.role_row import role_row
from stream.simulation.supply_chain.simulate import Simulated
from stream.simulation.supply_chain.verdict import Truth, Verdict

DOCUMENTS_FILE = "documents.jsonl"
DOCUMENTS_TABLE = "documents.parquet"
TRUTH_TABLE = "truth.parquet"
LABELS_FILE = "labels.jsonl"
EVENTS_TABLE = "events.parquet"

_BATCH = 20_000
_TIME = pa.timestamp("ms", "UTC")
_TEXT = pa.string()
_DOCUMENTS = pa.schema([
    ("event_id", _TEXT), ("line", _TEXT), ("type", _TEXT), ("occurred_at", _TIME), ("document", _TEXT),
])  # fmt: skip
_EVENTS = pa.schema([
    ("event_id", _TEXT), ("line", _TEXT), ("occurred_at", _TIME), ("subject", _TEXT), ("counterparty", _TEXT),
    ("amount_minor", pa.int64()), ("currency", _TEXT), ("instrument", _TEXT), ("place", _TEXT), ("channel", _TEXT),
    ("text", _TEXT), ("document", _TEXT), ("fraud", pa.int8()),
])  # fmt: skip


def write_documents(simulated: Simulated, out: Path) -> None:
    """Write the documents twice, without a word of the truth: as JSON lines, and as a table of their JSON.

    Args:
        simulated: What to write.
        out: The folder; made where it is not there.
    """
    out.mkdir(parents=True, exist_ok=True)
    with (out / DOCUMENTS_FILE).open("wb") as lines, pq.ParquetWriter(out / DOCUMENTS_TABLE, _DOCUMENTS) as table:
        for part in _batches(len(simulated.documents)):
            documents = simulated.documents[part]
            written = [orjson.dumps(one) for one in documents]
            lines.writelines(one + b"\n" for one in written)
            columns = {name: [one[name] for one in documents] for name in ("event_id", "line", "type")}
            columns["occurred_at"] = _times([one["occurred_at_s"] for one in documents])
            columns["document"] = [one.decode() for one in written]
            table.write(pa.table(columns, _DOCUMENTS))


def write_truth(truth: Truth, out: Path) -> None:
    """Write verdicts as a table, and labels as `foreshot label --file` reads them."""
    out.mkdir(parents=True, exist_ok=True)
    rows = [asdict(one) for one in truth.verdicts]
    columns: dict[str, Any] = {name: [row[name] for row in rows] for name in Verdict.__slots__}
    columns["occurred_at"] = _times(columns.pop("occurred_at_s"))
    columns["label_at"] = _times(columns.pop("label_at_s"))
    pq.write_table(pa.table(columns), out / TRUTH_TABLE)
    (out / LABELS_FILE).write_bytes(b"".join(orjson.dumps(one) + b"\n" for one in truth.labels))


def write_events(simulated: Simulated, out: Path) -> None:
    """Write the documents as history files have them, with a column `fraud`, and in canonical roles beside."""
    out.mkdir(parents=True, exist_ok=True)
    with pq.ParquetWriter(out / EVENTS_TABLE, _EVENTS) as table:
        for part in _batches(len(simulated.documents)):
            table.write(_events(simulated, part))


def events_table(simulated: Simulated) -> pa.Table:
    """Return what `write_events` writes."""
    return pa.concat_tables([_events(simulated, part) for part in _batches(len(simulated.documents))])


def _events(simulated: Simulated, part: slice) -> pa.Table:
    rows = [role_row(one) for one in simulated.documents[part]]
    columns: dict[str, Any] = {name: [row.get(name) for row in rows] for name in _EVENTS.names}
    columns["occurred_at"] = _times([row["occurred_at_s"] for row in rows])
    columns["document"] = [orjson.dumps(one).decode() for one in simulated.documents[part]]
    columns["fraud"] = [int(origin.is_fraud) for origin in simulated.origins[part]]
    return pa.table(columns, _EVENTS)


def _batches(count: int) -> Iterator[slice]:
    """Yield the rows in parts, so that no more than one is in memory twice."""
    for start in range(0, count, _BATCH):
        yield slice(start, start + _BATCH)


def _times(seconds: list[float | None]) -> pa.Array:
    return pa.array([None if one is None else round(one * 1_000) for one in seconds], pa.int64()).cast(_TIME)
