"""What events say of documents' financing."""

from datetime import date
from pathlib import Path

import pytest

from stream.events.supply_chain.decode import Rejection, decode_supply_chain
from stream.ledger.claim import Kind
from stream.ledger.claims_of import claims_in_hand, claims_of
from stream.ledger.rules import Rule
from stream.ledger.terms import Terms
from tests.builders.supply_chain import (
    INVOICE,
    LINE,
    ORDER,
    a_credit_note,
    a_financing_request,
    a_warehouse_receipt,
    an_assignment,
    an_invoice,
    supply_chain_bytes,
)

TOLD = {**INVOICE, "amount_minor": 900, "currency": "EUR", "issue_date": "2023-11-01", "due_date": "2024-01-31"}
PAGE = (Path(__file__).parents[3] / "docs" / "double_financing.md").read_text()


def test_a_request_that_says_what_its_documents_say_claims_just_that():
    first, second = claims_of(a_financing_request(financed=[TOLD, {**TOLD, "number": "INV-2", "share_ppm": 333_333}]))
    assert (first.number, first.amount_minor, first.issue_date, first.part_minor) == (
        "INV-1",
        900,
        date(2023, 11, 1),
        None,
    )
    assert (second.number, second.position, second.part_minor) == ("INV-2", 1, 299)
    assert (first.financier, first.seller.id, first.buyer.id, first.kind) == ("F1", "S1", "B1", Kind.REQUEST)


def test_a_document_that_is_only_named_has_the_events_amount_if_it_is_the_only_one():
    (alone,) = claims_of(a_financing_request(references=[INVOICE, ORDER]))
    assert (alone.amount_minor, alone.issue_date) == (11_250_000, None)
    two = claims_of(an_assignment(references=[INVOICE, ORDER]))
    assert [one.amount_minor for one in two] == [None, None]
    assert {one.kind for one in two} == {Kind.ASSIGNMENT}


def test_on_goods_in_a_warehouse_the_warehouse_is_the_other_party():
    receipt = {"type": "warehouse_receipt", "number": "WR-1", "issuer": "W1"}
    request = a_financing_request(basis="warehouse_receipt", references=[receipt], warehouse={"id": "W1"}, buyer=None)
    assert [one.buyer.id for one in claims_of(request)] == ["W1"]


def test_a_credit_note_takes_back_the_one_document_it_names():
    (taken_back,) = claims_of(a_credit_note())
    assert (taken_back.kind, taken_back.number, taken_back.financier) == (Kind.CANCELLATION, "INV-1", "")
    assert claims_of(a_credit_note(references=[INVOICE, {**INVOICE, "number": "INV-2"}])) == []


def test_other_events_claim_nothing():
    assert claims_of(an_invoice()) == []


def test_a_document_in_hand_is_asked_for_by_nobody_known_and_as_a_whole():
    for event in (an_invoice(), a_warehouse_receipt(), a_financing_request(financed=[{**TOLD, "instalment_minor": 9}])):
        (claim,) = claims_in_hand(event)
        assert (claim.event_id, claim.financier, claim.kind, claim.part_minor) == ("", "", Kind.REQUEST, None)
    assert claims_in_hand(a_credit_note()) == []


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"instalment_minor": 5, "share_ppm": 5}, "financed"),
        ({"instalment_minor": 901}, "financed"),
        ({"share_ppm": 1_000_001}, "financed.0.share_ppm"),
        ({"share_ppm": 0}, "financed.0.share_ppm"),
        ({"due_date": "2023-10-31"}, "financed"),
        ({"amount_minor": None}, "financed.0.amount_minor"),
    ],
)
def test_a_financed_document_that_contradicts_itself_is_refused(changed, field):
    told = {name: value for name, value in {**TOLD, **changed}.items() if value is not None}
    found = decode_supply_chain(supply_chain_bytes("financing_request", financed=[told]), LINE)
    assert isinstance(found, Rejection)
    assert found.field is not None
    assert found.field.startswith(field) or found.field in changed


def test_the_page_has_every_rule_and_the_days_that_are_remembered():
    table = PAGE.split("## What matches")[1].split("## What is legal")[0]
    assert [line.split("`")[1] for line in table.splitlines() if line.startswith("| `")] == [
        rule.name.lower() for rule in Rule
    ]
    terms = Terms()
    for days in (terms.retention_days, terms.assumed_tenor_days, terms.cancellation_days):
        assert f"{days} days" in PAGE
