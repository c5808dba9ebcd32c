"""Line files: what is wrong is said with its file, line, column, field and remedy."""

import itertools
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.errors import UsageError
from stream.events.business_line import RESERVED_TOPICS
from stream.events.line_file import load_lines
from stream.pipelines import effects

ROOT = Path(__file__).parents[3]
GOOD = """line: cards
topic: payments
roles:
  event_id: id
  occurred_at: time
  subject: card
  counterparty: {field: shop}
  amount: {field: amount, unit: major}
"""


def load(tmp_path, *texts):
    paths = []
    for at, text in enumerate(texts):
        path = tmp_path / f"l{at}.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        paths.append(path)
    return load_lines(paths)


def complaint(tmp_path, *texts):
    with pytest.raises(UsageError) as raised:
        load(tmp_path, *texts)
    message = str(raised.value)
    assert "\n" not in message
    assert message.startswith(f"{tmp_path}/")
    return message.removeprefix(f"{tmp_path}/")


def test_the_least_a_line_must_say_is_enough(tmp_path):
    line = load(tmp_path, GOOD)["cards"]
    assert (line.topic, line.currency, line.label_delay_s, line.max_future_s) == ("payments", "EUR", 604_800.0, 600.0)
    assert line.roles.subject.field == "card"
    assert (line.alerts.dedup_period_s, line.adaptation.max_age_s) == (86_400.0, 604_800.0)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("unit: major", "unit: cents", "l0.yaml:8:27: roles.amount.unit: must be major or minor"),
        ("  subject:", "  subjet:", "l0.yaml:6:3: roles.subjet: is not known here; did you mean subject? (and 1"),
        (
            "  subject: card\n",
            "",
            "l0.yaml:3:1: roles.subject: is missing; name the field of your events that holds it",
        ),
        ("topic: payments\n", "", "l0.yaml:1:1: topic: is missing"),
        ("topic:", "topik:", "l0.yaml:2:1: topik: is not known here; did you mean topic? (and 1 more)"),
        ("subject: card", "subject: [card]", "l0.yaml:6:3: roles.subject: must be a field's name or a mapping"),
        ("{field: shop}", "{field: shop, constant: x}", "l0.yaml:7:3: roles.counterparty: must give exactly one of"),
        ("{field: shop}", "{fields: [a, b..c]}", "l0.yaml:7:30: roles.counterparty.fields.1: must be a field's name"),
        ("{field: shop}", "{fields: []}", "l0.yaml:7:18: roles.counterparty.fields: must have at least 1 item"),
        ("{field: shop}", "{field: shop, row: true}", "l0.yaml:3:1: roles: counterparty must not be a row number"),
        ("event_id: id", "event_id: {constant: x}", "l0.yaml:3:1: roles: event_id must not be constant"),
        ("line: cards", "line: Cards!", "l0.yaml:1:1: line: must be lower-case letters"),
        ("payments", "scored-events", "l0.yaml:2:1: topic: is a name that Foreshot or Kafka keeps for itself"),
        ("payments", "score-state", "l0.yaml:2:1: topic: is a name that Foreshot or Kafka keeps for itself"),
        ("payments", "a b", "l0.yaml:2:1: topic: must be letters, digits"),
        (": time", ": {field: t, timezone: Mars/X}", "l0.yaml:5:27: roles.occurred_at.timezone: must be an IANA"),
        (": time", ": {field: t, format: epoch}", "l0.yaml:5:27: roles.occurred_at.format: must be iso8601, epoch_s"),
        (": time", ": {field: t, format: '%Y %Q'}", "l0.yaml:5:27: roles.occurred_at.format: is no strptime pattern"),
        (": time", ": {latitude: a}", "l0.yaml:5:17: roles.occurred_at.latitude: is not known here; known: field"),
    ],
)
def test_a_field_that_does_not_fit_is_named_with_its_place(tmp_path, old, new, message):
    assert old in GOOD
    assert complaint(tmp_path, GOOD.replace(old, new)).startswith(message)


@pytest.mark.parametrize(
    ("added", "message"),
    [
        ("topic: again\n", "9:1: topic: stands twice; keep one"),
        ("label_delay: 7\n", "9:1: label_delay: must be a number with a unit"),
        ("label_delay: 99999999w\n", "9:1: label_delay: must be at most a hundred years"),
        ("currency: euro\n", "9:1: currency: must be three capital letters, such as EUR"),
        ("alerts: {budget_per_day: .nan}\n", "9:10: alerts.budget_per_day: must be"),
        (
            "alerts: {budget_per_dya: 5}\n",
            "9:10: alerts.budget_per_dya: is not known here; did you mean budget_per_day",
        ),
        ("alerts: 5\n", "9:1: alerts: must be a mapping"),
        ("match: {a: [1]}\n", "9:9: match.a: must be text, a whole number, true or false"),
        ("match: {a: 1.5}\n", "9:9: match.a: must be text, a whole number, true or false"),
        ("rekey: {a: b}\n", "9:1: rekey: must be a valid boolean"),
        ("adaptation: {gate_share: 2}\n", "9:14: adaptation.gate_share: must be less than or equal to 0.5"),
        ("history: {label_release: 0s}\n", "9:11: history.label_release: must be greater than 0"),
        ("kind: !!python/object:os.system x\n", "9:1: kind: 'x' is no plain value"),
        ("kind: 2018-99-99\n", "9:1: kind: '2018-99-99' is no plain value"),
        ("kind: [a\n", "10:1: is not YAML: "),
        ("int: 5\n", "9:1: int: is not known here; known: line, description, topic"),
    ],
)
def test_an_added_key_that_does_not_fit_is_named_with_its_place(tmp_path, added, message):
    assert complaint(tmp_path, GOOD + added).startswith(f"l0.yaml:{message}")


@pytest.mark.parametrize(
    "text",
    ["", "7", "[]", "lines: []", "lines: [3]", "lines: 3", "&a [*a]", "&a {line: *a}", "[" * 4000, b"\xff", "a: \x00",
     "? [a]\n: 3", "<<: {a: b}"],
)  # fmt: skip
def test_what_is_no_line_file_is_said_in_one_line(tmp_path, text):
    assert complaint(tmp_path, text).startswith("l0.yaml:")


def test_anchors_of_anchors_are_refused_before_they_fill_the_memory(tmp_path):
    names = "abcdefg"
    text = "a: &a [1,1,1,1,1,1,1,1,1,1]\n" + "".join(
        f"{name}: &{name} [{','.join([f'*{before}'] * 10)}]\n" for before, name in itertools.pairwise(names)
    )
    assert "too large" in complaint(tmp_path, text)


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet="ab:{}[]&*!?-#'\"|>%@` \n\t0.,", max_size=40) | st.binary(max_size=40))
def test_any_content_is_refused_in_one_line(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UsageError) as raised:
        load_lines([path])
    assert "\n" not in str(raised.value)


def test_a_file_may_hold_a_list_and_places_lead_into_it(tmp_path):
    second = GOOD.replace("line: cards", "line: debit").replace("payments", "debits").replace("unit: major", "unit: x")
    text = "lines:\n" + "".join("  - " + one.strip().replace("\n", "\n    ") + "\n" for one in (GOOD, second))
    assert complaint(tmp_path, text) == "l0.yaml:17:31: roles.amount.unit: must be major or minor"
    assert set(load(tmp_path, text.replace("unit: x", "unit: minor"))) == {"cards", "debit"}


def test_a_name_declared_twice_names_both_files(tmp_path):
    message = complaint(tmp_path, GOOD, GOOD)
    assert message == f"l1.yaml:1:1: line: cards is declared in {tmp_path}/l0.yaml too; rename one of them"


def test_a_file_given_by_name_and_by_its_folder_is_read_once(tmp_path):
    load(tmp_path, GOOD)
    assert list(load_lines([tmp_path, tmp_path / "l0.yaml"])) == ["cards"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("", ""),
        ("match: {a: x}", ""),
        ("match: {a: x}", "match: {a: x}"),
        ("match: {a: x}", "match: {b: y}"),
        ("match: {a: x}", "match: {a: x, b: y}"),
        ("match: {a: 1}", "match: {a: 1, b: 2}"),
    ],
)
def test_lines_of_one_topic_that_an_event_could_both_name_are_refused(tmp_path, first, second):
    other = GOOD.replace("line: cards", "line: debit")
    message = complaint(tmp_path, f"{GOOD}{first}\n", f"{other}{second}\n")
    assert message.startswith("l1.yaml:")
    assert "could be of line cards or debit" in message


@pytest.mark.parametrize("second", ["{a: y}", "{a: y, b: z}", "{a: true}", "{a: 1}"])
def test_lines_of_one_topic_with_different_values_of_a_field_are_taken(tmp_path, second):
    other = GOOD.replace("line: cards", "line: debit")
    assert len(load(tmp_path, f"{GOOD}match: {{a: x}}\n", f"{other}match: {second}\n")) == 2


def test_true_and_one_tell_lines_apart(tmp_path):
    other = GOOD.replace("line: cards", "line: debit")
    assert len(load(tmp_path, f"{GOOD}match: {{a: 1}}\n", f"{other}match: {{a: true}}\n")) == 2


def test_lines_of_one_topic_must_agree_on_rekey(tmp_path):
    other = GOOD.replace("line: cards", "line: debit")
    message = complaint(tmp_path, f"{GOOD}match: {{a: x}}\n", f"{other}match: {{a: y}}\nrekey: true\n")
    assert message.startswith("l1.yaml:10:1: rekey: lines cards and debit share topic payments")


DOCUMENTS = """line: factoring
topic: documents
documents: supply_chain
"""


def test_a_line_of_documents_needs_no_roles_and_is_keyed_anew(tmp_path):
    line = load(tmp_path, DOCUMENTS)["factoring"]
    assert (line.documents, line.keyed_anew, line.alerts.financed_before) == ("supply_chain", True, "near")
    assert line.match == {"line": "factoring"}
    assert line.roles.subject.field == "subject"


def test_lines_of_documents_share_a_topic_and_tell_their_events_apart_themselves(tmp_path):
    assert len(load(tmp_path, DOCUMENTS, DOCUMENTS.replace("factoring", "orders"))) == 2


def test_documents_and_other_events_cannot_share_a_topic(tmp_path):
    message = complaint(tmp_path, GOOD, DOCUMENTS.replace("documents\n", "payments\n"))
    assert message == "l1.yaml:3:1: documents: lines cards and factoring share topic payments; give both or neither"


@pytest.mark.parametrize(
    ("added", "message"),
    [
        ("rekey: true\n", "4:1: rekey: must be left out beside documents, which say it themselves"),
        ("currency: EUR\n", "4:1: currency: must be left out beside documents"),
        ("allow_negative: true\n", "4:1: allow_negative: must be left out beside documents"),
        ("match: {a: b}\n", "4:1: match: must be left out beside documents"),
        ("alerts: {financed_before: maybe}\n", "4:10: alerts.financed_before: must be near, exact or never"),
    ],
)
def test_what_documents_say_themselves_is_refused_beside_them(tmp_path, added, message):
    assert complaint(tmp_path, DOCUMENTS + added).startswith(f"l0.yaml:{message}")


def test_roles_beside_documents_and_neither_of_both_are_refused(tmp_path):
    both = complaint(tmp_path, f"{GOOD}documents: supply_chain\n")
    assert both.startswith("l0.yaml:3:1: roles: must be left out beside documents")
    assert complaint(tmp_path, "line: cards\ntopic: payments\n") == "l0.yaml:1:1: roles: is missing"
    assert complaint(tmp_path, DOCUMENTS.replace("supply_chain", "letters")) == (
        "l0.yaml:3:1: documents: must be supply_chain"
    )


def test_a_folder_is_read_in_the_order_of_its_names_and_must_not_be_empty(tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "b.yml").write_text(GOOD)
    (tmp_path / "full" / "a.yaml").write_text(GOOD.replace("cards", "debit").replace("payments", "debits"))
    (tmp_path / "full" / "notes.txt").write_text("no line")
    assert list(load_lines([tmp_path / "full"])) == ["debit", "cards"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=r"holds no \.yaml files"):
        load_lines([tmp_path / "empty"])


def test_no_file_and_a_missing_file_are_said(tmp_path):
    with pytest.raises(UsageError, match="no line files were given"):
        load_lines([])
    with pytest.raises(UsageError, match="cannot be read"):
        load_lines([tmp_path / "none.yaml"])


def test_the_projects_own_lines_are_valid():
    lines = load_lines([ROOT / "lines" / "card_handbook.yaml", ROOT / "lines" / "card_sparkov.yaml"])
    assert len(lines) == 10
    assert lines["card-handbook"].label_delay_s == 604_800.0
    assert {line.currency for line in lines.values() if line.topic == "card-sparkov"} == {"USD"}


def test_every_topic_that_the_stream_writes_is_reserved():
    written = {value for name, value in vars(effects).items() if name.isupper() and isinstance(value, str)}
    assert {one for one in written if not one.startswith("-")} <= RESERVED_TOPICS
