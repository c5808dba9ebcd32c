from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from stream.backtest.feature_pass import features_of
from stream.errors import UsageError
from stream.events.history import UNKNOWN_LABEL, read_history, select_rows
from stream.features.payment_features import SUBJECT_WIDTH
from stream.features.specification import DOCUMENTS, PAYMENTS
from stream.features.trade.trade_specification import ABSENT
from stream.tasks.read_lines import LineReader
from stream.tasks.tasks_file import TasksFile, load_tasks
from tests.builders.small_trade import LINES, small_trade

SMALL = Path("tests/lines/small.yaml").resolve()
ROLES = {
    "event_id": "id",
    "occurred_at": {"field": "when", "format": "epoch_ms"},
    "subject": "who",
    "counterparty": "with",
    "amount": "amount",
}


@pytest.fixture
def events(tmp_path):
    generator = np.random.default_rng(0)
    count = 300
    table = pa.table({
        "id": [f"e{at}" for at in range(count)],
        "when": np.sort(generator.integers(1_600_000_000_000, 1_601_000_000_000, count))[::-1],
        "who": pa.array([None if at % 50 == 0 else f"s{at % 7}" for at in range(count)]),
        "with": [f"m{at % 5}" for at in range(count)],
        "amount": np.round(generator.exponential(20, count), 2),
        "shop": pa.array([("a", "b", "c")[at % 3] for at in range(count)]).dictionary_encode(),
        "year": [2013 + at % 2 for at in range(count)],
        "mass": pa.array([None if at == 3 else float(at % 11) for at in range(count)]),
        "fraud": pa.array([None if at == 6 else int(at % 9 == 0) for at in range(count)]),
    })  # fmt: skip
    pq.write_table(table, tmp_path / "events.parquet")
    return table


@pytest.fixture
def read(events, tmp_path):  # noqa: ARG001 - the file is read
    def lines(*entries, data=None):
        path = tmp_path / "tasks.yaml"
        shared = {"events": "events.parquet", "label": "fraud"}
        path.write_text(yaml.safe_dump({"folds": 2, "defaults": shared, "lines": list(entries)}))
        found, skipped = LineReader(path, data).read(load_tasks(path))
        return found["lines"], skipped

    return lines


def test_roles_make_the_streams_features_without_those_that_labels_make(read):
    (line,), _ = read({"name": "all", "roles": ROLES, "extra": "mass", "categorical": "shop"})
    assert line.task.features.shape == (299, len(PAYMENTS.names) - sum(PAYMENTS.from_labels) + 2)
    assert (np.diff(line.task.occurred_at_s) >= 0).all()
    assert line.task.frauds == 34
    assert np.isnan(line.task.features[:, -2]).sum() == 1


def test_a_subjects_history_crosses_lines(read):
    (whole,), _ = read({"name": "all", "roles": ROLES})
    (part,), _ = read({"name": "a", "roles": ROLES, "where": {"shop": "a"}})
    at = np.searchsorted(whole.task.occurred_at_s, part.task.occurred_at_s)
    assert np.array_equal(part.task.features, whole.task.features[at])


def test_lines_of_documents_have_features_of_trade_and_payments_beside_them_what_says_nothing(read, tmp_path):
    history = small_trade(tmp_path / "trade", 40, 3, deals_per_year=60)
    documents = {"line": str(LINES), "events": "trade/events.parquet"}
    (factoring, warehouse, paid), _ = read(documents, {"name": "paid", "roles": ROLES})
    (alone,), _ = read({"name": "paid", "roles": ROLES})
    made, _ = features_of(history, lambda _: None)
    of = np.array(history.batch.line)
    for line in (factoring, warehouse):
        expected = made[of == line.task.name][:, DOCUMENTS.without_labels]
        assert np.array_equal(line.task.features, expected)
        assert np.array_equal(line.task.labels, history.label[of == line.task.name])
    trade = slice(SUBJECT_WIDTH, DOCUMENTS.profiled_width)
    assert (factoring.task.features[:, trade] != ABSENT).any()
    assert (paid.task.features[:, trade] == ABSENT).all()
    assert np.array_equal(np.delete(paid.task.features, np.r_[trade], axis=1), alone.task.features)


def test_labels_change_no_feature(read, events, tmp_path):
    (before,), _ = read({"name": "all", "roles": ROLES})
    flipped = pa.array([None if one is None else 1 - one for one in events["fraud"].to_pylist()])
    pq.write_table(events.set_column(events.column_names.index("fraud"), "fraud", flipped), tmp_path / "events.parquet")
    (after,), _ = read({"name": "all", "roles": ROLES})
    assert np.array_equal(before.task.features, after.task.features)
    assert np.array_equal(before.task.labels, 1 - after.task.labels)


def test_each_crossing_with_enough_frauds_is_a_line(read):
    entry = {"features": ["amount"], "each": ["shop", "year"], "groups": {"shop": {"one": ["a"], "rest": ["b", "c"]}}}
    lines, skipped = read({**entry, "least_frauds": 10})
    # Frauds are the rows whose number is divisible by 9: all of shop a.
    assert [line.task.name for line in lines] == ["one/2013", "one/2014"]
    assert [(one.name, one.reason) for one in skipped] == [
        ("rest/2013", "has 0 frauds, fewer than 10"),
        ("rest/2014", "has 0 frauds, fewer than 10"),
    ]
    named, _ = read({**entry, "name": "shops", "least_frauds": 10})
    assert named[0].task.name == "shops/one/2013"
    chosen, _ = read({"features": ["amount"], "each": "shop", "values": ["a"]})
    assert [line.task.name for line in chosen] == ["a"]


def test_a_table_without_time_has_one_random_order(read):
    entry = {"name": "plain", "features": ["amount", "mass"]}
    (first,), _ = read(entry)
    (again,), _ = read(entry)
    assert not first.timed
    assert np.array_equal(first.task.labels, again.task.labels)
    assert np.isnan(first.task.features).sum() == 1
    assert not np.array_equal(first.task.labels, np.sort(first.task.labels))


def test_times_filters_and_delays_of_a_plain_table(read):
    entry = {"name": "plain", "features": ["amount"], "time": "when", "where": {"year": 2013}, "label_delay": "2d"}
    (line,), _ = read(entry)
    assert line.timed
    assert len(line.task.labels) == 149
    assert np.allclose(line.task.label_known_at_s - line.task.occurred_at_s, 2 * 86_400.0)


def test_rows_equal_in_the_repeat_columns_share_a_number(read):
    (line,), _ = read({"name": "plain", "features": ["amount"], "repeat_columns": ["year", "with"]})
    assert len(np.unique(line.repeats)) == 10


def test_a_line_file_gives_its_lines_with_their_own_label_and_delay(small_events, small_lines, tmp_path):
    content = {"folds": 2, "lines": [{"line": str(SMALL), "events": str(small_events)}]}
    tasks = TasksFile.model_validate(content)
    found, _ = LineReader(tmp_path / "tasks.yaml", None).read(tasks)
    history = read_history(small_events, small_lines)
    for line in found["lines"]:
        mine = np.array(history.batch.line) == line.task.name
        assert len(line.task.labels) == mine.sum()
        assert line.task.frauds == (history.label[mine] == 1).sum()
        delay_s = line.task.label_known_at_s - line.task.occurred_at_s
        assert np.allclose(delay_s, small_lines[line.task.name].label_delay_s)


def test_lines_of_a_line_file_are_apart_as_they_are_live_though_their_subjects_share_names(
    small_events, small_lines, tmp_path
):
    table = pq.read_table(small_events)
    numbers = pa.array([card.rpartition("-")[2] for card in table["card"].to_pylist()])
    pq.write_table(table.set_column(table.column_names.index("card"), "card", numbers), tmp_path / "events.parquet")
    content = {"folds": 2, "lines": [{"line": str(SMALL), "events": "events.parquet"}]}
    found, _ = LineReader(tmp_path / "tasks.yaml", None).read(TasksFile.model_validate(content))
    history = read_history(tmp_path / "events.parquet", small_lines)
    of = np.array(history.batch.line)
    cards = [{*np.array(history.batch.subject)[of == line]} for line in small_lines]
    assert cards[0] & cards[1]
    for line in found["lines"]:
        alone = select_rows(history, np.flatnonzero(of == line.task.name))
        made, _ = features_of(replace(alone, label=np.full_like(alone.label, UNKNOWN_LABEL)), lambda _: None)
        assert np.array_equal(line.task.features, made[:, PAYMENTS.without_labels])


def declared_lines(path, **changes):
    """Write a file of lines that read the same rows, each with changes of its own, and return entries for them."""
    plain = {"kind": "card", "currency": "EUR", "roles": ROLES, "history": {"label": "nowhere"}}
    lines = [{"line": name, "topic": name, **plain, **changed} for name, changed in changes.items()]
    path.write_text(yaml.safe_dump({"lines": lines}))
    return [{"name": name, "line": path.name} for name in changes]


def test_lines_that_read_the_same_rows_have_their_own_features_and_need_no_label_of_the_line_file(read, tmp_path):
    entries = declared_lines(tmp_path / "lines.yaml", la={}, lb={"roles": {**ROLES, "amount": "year"}})
    (la, lb), _ = read(*entries)
    (alone,), _ = read(entries[1])
    amount = PAYMENTS.names.index("log_amount")
    assert la.task.features[:, amount].max() < lb.task.features[:, amount].min()
    assert np.array_equal(lb.task.features, alone.task.features)
    assert la.task.frauds == lb.task.frauds == 34


def test_a_line_of_another_file_asks_nothing_of_this_ones_columns(read, events, tmp_path):
    pq.write_table(events.drop_columns(["year"]), tmp_path / "without.parquet")
    la, lb = declared_lines(tmp_path / "lines.yaml", la={}, lb={"roles": {**ROLES, "amount": "year"}})
    found, _ = read({**la, "events": "without.parquet"}, lb)
    assert [line.task.name for line in found] == ["la", "lb"]


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"line": "lines.yaml"}, "row 0 is of two lines; give each line an entry of its own"),
        ({"line": "lines.yaml", "name": "none"}, r"no row is of line none \(match year: x\)"),
        ({"line": "lines.yaml", "name": "lacks"}, "has no column cost, which line lacks reads"),
    ],
)
def test_lines_that_cannot_be_told_apart_or_are_not_in_the_file_are_refused(read, tmp_path, entry, said):
    lacking = {"roles": {**ROLES, "amount": "cost"}}
    declared_lines(tmp_path / "lines.yaml", la={}, lb={}, none={"match": {"year": "x"}}, lacks=lacking)
    if "name" not in entry:
        declared_lines(tmp_path / "lines.yaml", la={}, lb={})
    with pytest.raises(UsageError, match=said):
        read(entry)


def test_an_entry_that_is_called_as_a_line_of_its_file_is_that_line_alone(small_events, tmp_path):
    shared = {"line": str(SMALL), "events": str(small_events)}
    names = {"train": "small-a", "test": "small-b"}
    tasks = TasksFile.model_validate({section: [{"name": name, **shared}] for section, name in names.items()})
    found, _ = LineReader(tmp_path / "tasks.yaml", None).read(tasks)
    assert [line.task.name for line in found["train"]] == ["small-a"]
    assert [line.task.name for line in found["test"]] == ["small-b"]


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"name": "x", "features": ["nothing"]}, "lines entry 1 (x): .*has no column nothing; it has id, when"),
        ({"name": "x", "features": ["shop"]}, "lines entry 1 (x): column shop holds string.*under categorical"),
        ({"name": "x", "features": ["amount"], "text": "nothing"}, "has no column nothing"),
        ({"name": "x", "features": ["amount"], "label": "shop"}, "column shop is text; a label must be"),
        ({"name": "x", "features": ["amount"], "label": "mass"}, "column mass holds 2; a label must be"),
        ({"name": "x", "features": ["amount"], "events": "no.parquet"}, "field events: no.parquet is not in .*--data"),
        ({"name": "x", "line": "no.yaml"}, "field line: no.yaml is not in"),
        ({"name": "x", "features": ["amount"], "time": "shop"}, "column shop holds no times"),
        ({"name": "x", "roles": {**ROLES, "amount": "shop"}}, "lines entry 1 (x): .*shop"),
    ],
)
def test_what_does_not_fit_the_file_is_named_with_entry_and_column(read, entry, said):
    with pytest.raises(UsageError, match=said.replace("(x)", r"\(x\)")):
        read(entry)


def test_two_lines_of_one_name_are_refused(read):
    with pytest.raises(UsageError, match="two lines are called x"):
        read({"name": "x", "features": ["amount"]}, {"name": "x", "features": ["mass"]})


def test_lines_of_different_features_are_refused(read):
    with pytest.raises(UsageError, match="line x has 1 features and line y has 2"):
        read({"name": "x", "features": ["amount"]}, {"name": "y", "features": ["amount", "mass"]})


def test_files_are_looked_for_in_the_data_folder_too(read, tmp_path):
    other = tmp_path / "data"
    other.mkdir()
    (tmp_path / "events.parquet").rename(other / "events.parquet")
    lines, _ = read({"name": "x", "features": ["amount"]}, data=other)
    assert len(lines) == 1
