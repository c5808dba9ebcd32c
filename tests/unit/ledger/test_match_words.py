"""What an officer reads of a match."""

import msgspec
import pytest

from stream.events.match_reason import RULE_NAMES
from stream.ledger.match import Match, Side
from stream.ledger.match_words import MOST_REASONS, reasons_of, surest
from stream.ledger.rules import Rule

MAY_3_S = 1_683_115_200.0
TOLD = "invoice INV-1042 was financed on 3 May 2023 by another financier"
NAMED = ["invoice INV-1042", "invoice INV-1043"]


def a_side(event_id, **changed):
    return Side(
        **{"event_id": event_id, "position": 0, "kind": "financing_request", "occurred_at_s": MAY_3_S} | changed
    )


def a_match(**changed):
    fields = {
        "rule": "exact", "nearness": 1.0, "earlier": a_side("fr-1"), "later": a_side("fr-2"), "same_financier": False,
        "parties_swapped": False, "issue_shift_days": 0, "due_shift_days": None, "amount_ratio": 1.0,
        "withdrawn": False,
    }  # fmt: skip
    return Match(**fields | changed)


def text(own="fr-2", **changed):
    (reason,) = reasons_of([a_match(**changed)], own, NAMED)
    return reason.text


def test_the_names_of_rules_are_those_of_the_ledger_in_their_order():
    assert [rule.told for rule in Rule] == [rule.name.lower() for rule in Rule] == list(RULE_NAMES)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, TOLD),
        ({"same_financier": True}, "invoice INV-1042 was financed on 3 May 2023 by the same financier"),
        (
            {"earlier": a_side("fr-1", kind="assignment", financier="F1")},
            "invoice INV-1042 was assigned on 3 May 2023 by another financier (F1)",
        ),
        (
            {"rule": "same_number", "amount_ratio": 0.996, "issue_shift_days": -1},
            f"{TOLD}, amounts differ by 0.4 %, days of issue are 1 day apart",
        ),
        (
            {"rule": "shifted_date", "due_shift_days": 30},
            f"{TOLD}, days of payment are 30 days apart",
        ),
        (
            {"rule": "other_amount", "amount_ratio": None},
            f"{TOLD}, currencies differ",
        ),
        (
            {"rule": "other_amount", "amount_ratio": 1.0},
            f"{TOLD}, amounts differ by less than 0.1 %",
        ),
        (
            {"rule": "edited_number", "parties_swapped": True, "later": a_side("fr-2", position=1)},
            f"a document like {TOLD}, one edit apart in the number, seller and buyer are swapped".replace("42", "43"),
        ),
        (
            {"rule": "other_party"},
            f"{TOLD}, with one other party",
        ),
    ],
)
def test_a_match_says_which_document_when_by_whom_and_what_differs(changed, expected):
    assert text(**changed) == expected


def test_the_other_event_is_told_whichever_came_first():
    assert text("fr-1", later=a_side("fr-2", occurred_at_s=MAY_3_S + 86_400)).startswith(
        "invoice INV-1042 was financed on 4 May 2023"
    )


def test_two_others_that_come_to_light_with_an_event_are_both_named():
    assert text("fr-9") == "fr-1 and fr-2 finance one document"


def test_the_surest_few_are_told_and_those_withdrawn_are_not():
    matches = [
        a_match(rule="other_party"), a_match(nearness=0.9), a_match(withdrawn=True), a_match(rule="renumbered"),
        a_match(),
    ]  # fmt: skip
    found = reasons_of(matches, "fr-2", NAMED)
    assert [one.rule for one in found] == ["exact", "exact", "renumbered"]
    assert len(found) == MOST_REASONS
    later = reasons_of([a_match(rule="shifted_date")], "fr-2", NAMED)
    assert [one.rule for one in surest([*found, *later])] == ["exact", "exact", "shifted_date"]
    assert reasons_of([msgspec.structs.replace(a_match(), withdrawn=True)], "fr-2", NAMED) == []
