"""Writes simulated documents, their truth and their labels where other programs can read them."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from stream.simulation.supply_chain.role_rows import role_rows
from stream.simulation.supply_chain.simulate import Simulated
from stream.simulation.supply_chain.verdict import Truth, Verdict

DOCUMENTS_FILE = "documents.jsonl"
DOCUMENTS_TABLE = "documents.parquet"
TRUTH_TABLE = "truth.parquet"
LABELS_FILE = "labels.jsonl"
EVENTS_TABLE = "events.parquet"

_TIME = pa.timestamp("ms", "UTC")


def write_documents(simulated: Simulated, out: Path) -> None:
    """Write the documents twice, without a word of the truth: as JSON lines, and as a table of their JSON.

    Args:
        simulated: What to write.
        out: The folder; made where it is not there.
    """
    out.mkdir(parents=True, exist_ok=True)
    lines = [orjson.dumps(one) for one in simulated.documents]
    (out / DOCUMENTS_FILE).write_bytes(b"".join(line + b"\n" for line in lines))
    table = {
        "event_id": [one["event_id"] for one in simulated.documents],
        "line": [one["line"] for one in simulated.documents],
        "type": [one["type"] for one in simulated.documents],
        "occurred_at": _times([one["occurred_at_s"] for one in simulated.documents]),
        "document": [line.decode() for line in lines],
    }
    pq.write_table(pa.table(table), out / DOCUMENTS_TABLE)


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
    """Write the documents in canonical roles with a column `fraud`, as history files have it."""
    out.mkdir(parents=True, exist_ok=True)
    rows = role_rows(simulated.documents)
    columns: dict[str, Any] = {name: [row[name] for row in rows] for name in rows[0]}
    columns["occurred_at"] = _times(columns.pop("occurred_at_s"))
    columns["fraud"] = pa.array([int(origin.is_fraud) for origin in simulated.origins], pa.int8())
    pq.write_table(pa.table(columns), out / EVENTS_TABLE)


def _times(seconds: list[float | None]) -> pa.Array:
    return pa.array([None if one is None else round(one * 1_000) for one in seconds], pa.int64()).cast(_TIME)
