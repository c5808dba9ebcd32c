"""History: parquet rows become the very columns that decoding their JSON gives."""

import datetime as dt
import os
from decimal import Decimal
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.clock import FixedClock
from stream.errors import UsageError
from stream.events.decode import Decoder, SourceRecord
from stream.events.event_batch import EventBatch
from stream.events.history import documents_at, history_records, label_of, read_history, select_rows
from stream.events.line_file import load_lines
from stream.simulation.supply_chain.simulate import simulate_supply_chain
from stream.simulation.supply_chain.world_files import write_events
from tests.builders.economy import a_line as an_economy_line
from tests.builders.events import NOON_S, a_line
from tests.builders.supply_chain import a_documents_line

ROOT = Path(__file__).parents[3]
DATA = Path(os.environ.get("FORESHOT_DATA", ROOT.parent / "shared" / "data"))
FAR_S = 4e9


def write(path, **columns):
    count = max(len(one) for one in columns.values())
    base = {
        "id": [f"e{at}" for at in range(count)],
        "time": pa.array([int(NOON_S * 1e6) + at * 1_500_000 for at in range(count)], pa.timestamp("us")),
        "card": ["c1"] * count,
        "shop": ["s1"] * count,
        "amount": [12.34] * count,
    }
    pq.write_table(pa.table({**base, **columns}), path)
    return path


def by_name(*lines):
    return {line.name: line for line in lines}


def decoded(history):
    rows = np.arange(len(history.batch))
    records = [
        SourceRecord(one.topic, 0, at, one.key, one.value, int(history.batch.produced_at_ms[at]))
        for at, one in enumerate(history_records(history, rows))
    ]
    batch, rejected = Decoder(history.lines, FixedClock(FAR_S)).decode(records)
    assert rejected == []
    assert [record.key for record in records] == [one.encode() for one in batch.subject]
    return batch


def assert_same(one, other):
    for name in EventBatch.__slots__:
        left, right = getattr(one, name), getattr(other, name)
        if isinstance(left, list):
            assert left == right, name
        else:
            assert left.dtype == right.dtype, name
            assert left.tobytes() == right.tobytes(), name


def assert_reads_as_its_json(history):
    assert_same(history.batch, decoded(history))


def test_every_column_equals_that_of_the_decoded_json(tmp_path):
    path = write(
        tmp_path / "h.parquet",
        device=["d1", None, "ü"],
        currency=["JPY", None, "KWD"],
        amount=[0.5, 2.675, 1.0005],
        lat=[50.9, None, -90.0],
        lon=[float("nan"), 6.9, 180.0],
        city=pa.array(["Köln", "Köln", None]).dictionary_encode(),
    )
    place = {"field": "city", "latitude": "lat", "longitude": "lon"}
    line = a_line(roles={"instrument": "device", "currency": "currency", "place": place})
    history = read_history(path, by_name(line))
    assert history.batch.amount_minor.tolist() == [0, 268, 1000]
    assert history.batch.currency == ["JPY", "EUR", "KWD"]
    assert_reads_as_its_json(history)


@pytest.mark.parametrize(
    ("role", "column"),
    [
        ("time", pa.array([1, 10**18 + 123_456_789], pa.timestamp("ns"))),
        ("time", pa.array([0, 1_700_000_000], pa.timestamp("s", "Asia/Tokyo"))),
        ("time", pa.array([dt.date(2020, 2, 29), dt.date(1969, 12, 31)])),
        ("time", pa.array(["2020-02-29T10:00:00+02:00", "2020-02-29"])),
        ({"field": "time", "format": "epoch_s"}, pa.array([1_600_000_000.123, 1_600_000_001.0])),
        ({"field": "time", "format": "epoch_ms"}, pa.array([1_600_000_000_123, 1_600_000_001_000])),
        ({"field": "time", "format": "epoch_s"}, pa.array([1_600_000_000_123_457, 5], pa.timestamp("us"))),
        ({"field": "time", "format": "epoch_ms"}, pa.array([1_600_000_000_123_457, 5], pa.timestamp("us"))),
        ({"field": "time", "format": "%d.%m.%Y %H:%M"}, pa.array([1_600_000_000_123_457, 5], pa.timestamp("us"))),
        ({"field": "time", "format": "%d.%m.%Y %H:%M"}, pa.array(["29.02.2020 10:11", "01.01.2021 00:00"])),
        # Hours that Paris has twice and not at all.
        (
            {"field": "time", "timezone": "Europe/Paris"},
            pa.array([dt.datetime(2023, 10, 29, 2, 30), dt.datetime(2023, 3, 26, 2, 30)], pa.timestamp("us")),  # noqa: DTZ001
        ),
        (
            {"field": "time", "format": "epoch_s", "timezone": "Europe/Paris"},
            pa.array([dt.datetime(2023, 10, 29, 2, 30), dt.datetime(2023, 3, 26, 2, 30)], pa.timestamp("us")),  # noqa: DTZ001
        ),
    ],
)
def test_every_form_of_event_time_reads_as_its_json(tmp_path, role, column):
    path = write(tmp_path / "h.parquet", time=column)
    assert_reads_as_its_json(read_history(path, by_name(a_line(roles={"occurred_at": role}))))


@pytest.mark.parametrize(
    "column",
    [
        pa.array([7, 9], pa.uint8()),
        pa.array([7.0, -0.0], pa.float32()),
        pa.array([0.1, 2.5], pa.float64()),
        pa.array([Decimal("1.50"), Decimal("0.07")]),
        pa.array(["a", "b"], pa.large_string()),
        pa.array([dt.date(2020, 2, 29), dt.date(1969, 12, 31)]),
    ],
)
def test_every_form_of_identifier_reads_as_its_json(tmp_path, column):
    path = write(tmp_path / "h.parquet", card=column, shop=column)
    line = a_line(roles={"counterparty": {"fields": ["shop", "id"], "join": "|"}, "channel": "id", "text": "id"})
    assert_reads_as_its_json(read_history(path, by_name(line)))


@pytest.mark.parametrize(
    ("unit", "column"),
    [
        ("major", pa.array([7, 10**13], pa.int64())),
        ("minor", pa.array([7, 10**15], pa.uint64())),
        ("minor", pa.array([7.0, 12.0])),
        ("major", pa.array(["12.345", "0.005"])),
        ("major", pa.array([Decimal("12.345"), Decimal("99999999.995")])),
        ("major", pa.array([2.675, 16.1], pa.float32())),
    ],
)
def test_every_form_of_amount_reads_as_its_json(tmp_path, unit, column):
    path = write(tmp_path / "h.parquet", amount=column)
    line = a_line(roles={"amount": {"field": "amount", "unit": unit}})
    assert_reads_as_its_json(read_history(path, by_name(line)))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 9e11), min_size=1, max_size=40), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_any_amounts_round_as_their_json(tmp_path_factory, amounts, currency):
    halves = [round(one, 2) + 0.005 for one in amounts]
    path = write(tmp_path_factory.getbasetemp() / "amounts.parquet", amount=amounts + halves)
    assert_reads_as_its_json(read_history(path, by_name(a_line(currency=currency))))


def test_fields_inside_others_are_read_from_structs_and_become_objects_again(tmp_path):
    path = write(
        tmp_path / "h.parquet",
        payer=[{"card": {"id": "c9"}, "device": "d1"}, {"card": {"id": "c8"}, "device": None}],
        **{"payee.id": ["s1", "s2"]},
    )
    line = a_line(roles={"subject": "payer.card.id", "instrument": "payer.device", "counterparty": "payee.id"})
    history = read_history(path, by_name(line))
    assert history.batch.subject == ["c9", "c8"]
    assert history.batch.counterparty == ["s1", "s2"]
    assert_reads_as_its_json(history)


def test_row_numbers_stand_in_for_a_missing_event_id(tmp_path):
    path = write(tmp_path / "h.parquet", kind=["a", "b", "a"])
    role = {"field": "meta.row", "row": True}
    lines = by_name(a_line(match={"kind": "a"}, roles={"event_id": role}))
    history = read_history(path, lines)
    assert history.batch.event_id == ["0", "2"]
    assert history.skipped == 1
    assert_reads_as_its_json(history)


def test_lines_share_a_file_by_match_and_their_events_come_in_order_of_time(tmp_path):
    moments = [int((NOON_S + second) * 1e6) for second in (5, 1, 5, 3)]
    path = write(tmp_path / "h.parquet", kind=["b", "a", "a", "c"], time=pa.array(moments, pa.timestamp("us")))
    lines = by_name(*(a_line(line=name, match={"kind": name}) for name in ("a", "b")))
    history = read_history(path, lines)
    assert history.batch.event_id == ["e1", "e0", "e2"]
    assert history.batch.line == ["a", "b", "a"]
    assert history.skipped == 1
    assert_reads_as_its_json(history)


@pytest.mark.parametrize(
    ("column", "wanted", "kept"),
    [
        (pa.array([True, False, None]), True, ["e0"]),
        (pa.array([1, 2, None]), 1, ["e0"]),
        (pa.array([1.0, 1.5, None]), 1, ["e0"]),
        (pa.array([1, 2, None]), True, []),
        (pa.array(["1", "2", None]), 1, []),
        (pa.array(["1", "2", None]).dictionary_encode(), "1", ["e0"]),
    ],
)
def test_a_match_tells_text_numbers_and_truth_apart_as_live_events_do(tmp_path, column, wanted, kept):
    history = read_history(write(tmp_path / "h.parquet", kind=column), by_name(a_line(match={"kind": wanted})))
    assert history.batch.event_id == kept
    assert_reads_as_its_json(history)


def test_a_time_range_takes_its_start_and_leaves_its_end(tmp_path):
    path = write(tmp_path / "h.parquet", card=["c"] * 4)
    history = read_history(path, by_name(a_line()), NOON_S + 1.5, NOON_S + 4.5)
    assert history.batch.event_id == ["e1", "e2"]
    assert_reads_as_its_json(history)


@pytest.mark.parametrize("column", [pa.array([1, 0, None], pa.int64()), pa.array([True, False, None])])
def test_labels_are_one_zero_or_unknown(tmp_path, column):
    path = write(tmp_path / "h.parquet", fraud=column)
    history = read_history(path, by_name(a_line(history={"label": "fraud"})))
    assert history.label.tolist() == [1, 0, -1]
    assert history.label.dtype == np.int8


def test_a_label_becomes_known_at_the_first_release_after_its_delay(tmp_path):
    starts = [3_600.0 * 10, 3_600.0 * 10 + 1]
    path = write(tmp_path / "h.parquet", time=pa.array([int(one * 1e6) for one in starts], pa.timestamp("us")))
    line = a_line(label_delay="7d", history={"label_release": "1h"})
    history = read_history(path, by_name(line))
    week_s = 7 * 86_400.0
    assert history.label_known_at_s.tolist() == [36_000.0 + week_s, 39_600.0 + week_s]
    assert label_of(history, 1).labelled_at.timestamp() == 39_600.0 + week_s


@pytest.mark.parametrize("release", ["1h", "7s", "1d"])
def test_a_label_without_delay_is_known_at_the_next_release_after_its_event(tmp_path, release):
    days = [dt.date(2023, 11, 14), dt.date(2023, 11, 15), dt.date(2023, 11, 15)]
    path = write(tmp_path / "h.parquet", time=pa.array(days))
    history = read_history(path, by_name(a_line(label_delay="0s", history={"label_release": release})))
    waits_s = history.label_known_at_s - history.batch.occurred_at_s
    assert ((waits_s > 0) & (waits_s <= {"1h": 3_600.0, "7s": 7.0, "1d": 86_400.0}[release])).all()


def test_chosen_rows_keep_events_labels_and_json_together(tmp_path):
    path = write(tmp_path / "h.parquet", card=["a", "b", "c"], fraud=[0, 1, 0])
    chosen = select_rows(read_history(path, by_name(a_line(history={"label": "fraud"}))), np.array([2, 1]))
    assert chosen.batch.subject == ["c", "b"]
    assert chosen.label.tolist() == [0, 1]
    assert_reads_as_its_json(chosen)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"amount": [1.0, -1.0]}, "row 1: field amount is negative"),
        ({"amount": [1.0, None]}, "row 1: field amount is missing"),
        ({"amount": [1.0, float("inf")]}, "field amount: row 1 is infinite"),
        ({"amount": [1.0, 1e14]}, "row 1: the amount is beyond"),
        ({"amount": ["1", "x"]}, "field amount is not a number: 'x'"),
        ({"amount": [True, False]}, "field amount must be a number"),
        ({"id": ["e0", None]}, "row 1: event_id (field id) must be 1 to 256 characters"),
        ({"id": ["e0", "a\nb"]}, "row 1: event_id"),
        ({"card": [True, False]}, "field card must be text or a number"),
        ({"card": [b"x", b"y"]}, "field card holds binary"),
        ({"time": ["2020-01-01", "soon"]}, "field time is not of the form ISO 8601: 'soon'"),
        ({"time": [1, 2]}, "field time must be text of the form ISO 8601"),
        ({"time": pa.array([0, None], pa.timestamp("us"))}, "row 1: field time is missing"),
        ({"time": pa.array([0, -(10**17)], pa.timestamp("us"))}, "row 1: field time is not of the years 1900 to 2999"),
        ({"lat": [0.0, 91.0]}, "row 1: field lat is beyond 90 degrees"),
        ({"fraud": [0, 2]}, "row 1: field fraud is no label"),
        ({"fraud": ["no", "yes"]}, "field fraud is text"),
    ],
)
def test_a_row_that_does_not_fit_is_named_with_its_file_line_and_reason(tmp_path, columns, words):
    given = {"lat": [0.0, 0.0], "lon": [0.0, 0.0], "fraud": [0, 1], **columns}
    path = write(tmp_path / "h.parquet", **given)
    line = a_line(roles={"place": {"latitude": "lat", "longitude": "lon"}}, history={"label": "fraud"})
    with pytest.raises(UsageError) as raised:
        read_history(path, by_name(line))
    assert str(raised.value).startswith(f"{path}: line cards: ")
    assert words in str(raised.value)


def test_a_missing_column_is_named_with_those_that_are_there(tmp_path):
    path = write(tmp_path / "h.parquet", card=["c"])
    with pytest.raises(UsageError, match=r"has no column merchant, which line cards reads; it has id, time, card"):
        read_history(path, by_name(a_line(roles={"counterparty": "merchant"})))


@pytest.mark.parametrize("content", [None, b"", b"not parquet at all"])
def test_what_is_no_parquet_file_is_said_in_one_line(tmp_path, content):
    path = tmp_path / "h.parquet"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match=r"cannot be read as parquet") as raised:
        read_history(path, by_name(a_line()))
    assert "\n" not in str(raised.value)


def test_a_file_without_rows_gives_an_empty_history(tmp_path):
    path = tmp_path / "h.parquet"
    whole = pq.read_table(write(path, card=["c"]))
    pq.write_table(whole.slice(0, 0), path)
    history = read_history(path, by_name(a_line()))
    assert len(history.batch) == 0
    assert_reads_as_its_json(history)


@pytest.mark.skipif(not DATA.is_dir(), reason="outside data is not beside the project")
@pytest.mark.parametrize("name", ["card_handbook", "card_sparkov"])
def test_outside_data_reads_as_its_json(name, tmp_path):
    part = tmp_path / "part.parquet"
    source = pq.ParquetFile(DATA / name / "transactions.parquet")
    pq.write_table(pa.Table.from_batches([next(source.iter_batches(6_000))]), part)
    history = read_history(part, load_lines([ROOT / "lines" / f"{name}.yaml"]))
    assert len(history.batch) == 6_000
    assert set(history.label.tolist()) <= {0, 1}
    assert_reads_as_its_json(history)


@pytest.fixture
def documents(tmp_path):
    simulated = simulate_supply_chain([an_economy_line(name=name) for name in ("factoring", "orders")], 40, 1)
    write_events(simulated, tmp_path)
    return simulated.documents


FACTORING = a_documents_line(line="factoring", history={"label": "fraud"})


def test_history_of_a_line_of_documents_reads_as_its_topic_does(documents, tmp_path):
    history = read_history(tmp_path / "events.parquet", by_name(FACTORING))
    rows = np.arange(len(history.batch))
    written = list(history_records(history, rows))
    assert [one.value for one in written] == [orjson.dumps(one) for one in documents if one["line"] == "factoring"]
    assert [one.key.decode() for one in written] == history.batch.subject
    records = [
        SourceRecord(one.topic, 0, at, one.key, one.value, int(history.batch.produced_at_ms[at]))
        for at, one in enumerate(written)
    ]
    found = Decoder(by_name(FACTORING), FixedClock(FAR_S)).decode_documents(records)
    assert_same(history.batch, found.batch)
    assert documents_at(history, rows) == found.documents
    assert history.skipped == len(documents) - len(rows)


@pytest.mark.usefixtures("documents")
@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        (None, "row 1: field document: the record has no value"),
        ("{", "row 1: field document: is not JSON"),
        ('{"type": "invoice"}', "row 1: field document: .* is missing"),
    ],
)
def test_a_row_without_a_document_of_its_line_is_refused(tmp_path, spoilt, said):
    table = pq.read_table(tmp_path / "events.parquet")
    mine = table.filter(pc.equal(table["line"], "factoring"))
    texts = mine["document"].to_pylist()
    texts[1] = spoilt
    at = mine.column_names.index("document")
    pq.write_table(mine.set_column(at, "document", pa.array(texts, pa.string())), tmp_path / "events.parquet")
    with pytest.raises(UsageError, match=said):
        read_history(tmp_path / "events.parquet", by_name(FACTORING))


@pytest.mark.usefixtures("documents")
def test_a_file_without_documents_is_refused_for_a_line_that_reads_them(tmp_path):
    table = pq.read_table(tmp_path / "events.parquet").drop_columns(["document"])
    pq.write_table(table, tmp_path / "events.parquet")
    with pytest.raises(UsageError, match="has no column document, which line factoring reads"):
        read_history(tmp_path / "events.parquet", by_name(FACTORING))
