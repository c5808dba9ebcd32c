from pathlib import Path

import pytest

from stream.errors import UsageError
from stream.tasks.tasks_file import SECTIONS, load_tasks

GOOD = """
defaults: {events: e.parquet, label: fraud, features: [a, b]}
train: [{name: one}]
test: [{name: two, where: {c: [1, x]}}]
"""


@pytest.fixture
def load(tmp_path):
    def read(text):
        path = tmp_path / "tasks.yaml"
        path.write_text(text)
        return load_tasks(path)

    return read


def test_defaults_stand_for_entries_that_do_not_say_otherwise(load):
    tasks = load(GOOD.replace("name: two", "name: two, label: other"))
    assert tasks.train[0].label == "fraud"
    assert tasks.test[0].label == "other"
    assert tasks.test[0].where == {"c": (1, "x")}


def test_one_column_of_each_needs_no_name_for_its_values(load):
    entry = "{events: e.parquet, label: fraud, features: a, each: c, values: [1, 2]}"
    tasks = load(f"folds: 2\nlines: [{entry}]")
    assert tasks.lines[0].values == {"c": (1, 2)}
    assert tasks.lines[0].each == ("c",)


def test_times_are_dates_or_moments(load):
    with_time = "name: two, time: t, from: 2019-01-01, until: '2019-01-02T00:00:00+00:00'"
    tasks = load(GOOD.replace("name: two", with_time))
    assert tasks.test[0].until_s - tasks.test[0].since_s == 86_400.0


def test_roles_count_rows_where_they_name_no_event_id(load):
    roles = "{occurred_at: t, subject: s, counterparty: c, amount: a}"
    tasks = load(f"folds: 2\nlines: [{{name: one, events: e.parquet, label: fraud, roles: {roles}}}]")
    assert tasks.lines[0].roles.event_id.row


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("name: two", "name: two, lable: x"), "test entry 1 (two): lable: is not known here; did you mean label?"),
        (("events: e.parquet, ", ""), "train entry 1 (one): events: is missing"),
        (("name: two", "name: two, line: x.yaml"), "test entry 1 (two): must give exactly one of line, roles and"),
        (("label: fraud, ", ""), "must give label"),
        (("name: two", "name: two, from: soon, time: t"), "test entry 1 (two): from: must be an ISO 8601 time"),
        (("name: two", "name: two, from: 2019-01-01"), "from, until and label_delay need time"),
        (("name: two", "name: two, label_delay: week, time: t"), "label_delay: must be a number with a unit"),
        (("name: two", "name: two, values: {c: [1]}"), "values and groups are of columns in each, and c is none"),
        (("{name: one}", "{where: {}}"), "train entry 1: must give name"),
        (("test:", "tests:"), "tests: is not known here"),
        (("test:", "folds: 2\ntest:"), "folds and lines go together"),
        (("train:", "lines:"), "folds and lines go together"),
        (("train: [{name: one}]", ""), "must give test lines and train lines"),
        (("name: two", "name: two, text: w, text_dimensions: 65"), "test entry 1 (two): text_dimensions: must be"),
        (("name: one}", "name: one, text: w, text_model: m}, {name: three, text: w}"), "must have the same text_model"),
        (("defaults: {", "defaults: [1]\nother: {"), "defaults: must be a mapping"),
        (("name: two", "roles: {amount: a}, features: null, name: two"), "roles.occurred_at: is missing"),
    ],
)
def test_what_does_not_fit_is_named_with_file_entry_and_field(load, change, said):
    with pytest.raises(UsageError) as raised:
        load(GOOD.replace(*change))
    assert said in str(raised.value)
    assert "tasks.yaml:" in str(raised.value)
    assert raised.value.exit_code == 2


def test_a_file_that_is_no_mapping_is_refused(load):
    with pytest.raises(UsageError, match="must be a mapping with train"):
        load("- 1")


@pytest.mark.parametrize("path", sorted(Path("tasks").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_files_that_ship_can_be_read(path):
    declared = load_tasks(path)
    assert any(declared.entries(section) for section in SECTIONS)
