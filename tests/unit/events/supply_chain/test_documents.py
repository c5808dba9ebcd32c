"""What each document of supply-chain finance holds, and what it refuses."""

from datetime import date
from typing import get_args

import pytest
from pydantic import TypeAdapter, ValidationError

from stream.events.supply_chain.document import DocumentType, EventType
from stream.events.supply_chain.supply_chain_event import EVENT_TYPES, SupplyChainEvent
from tests.builders.supply_chain import (
    BUYER,
    INVOICE,
    ORDER,
    SELLER,
    a_credit_note,
    a_default_notice,
    a_drawdown,
    a_financing_request,
    a_purchase_order,
    a_reference,
    a_repayment,
    a_shipment,
    a_warehouse_receipt,
    an_acceptance,
    an_assignment,
    an_invoice,
    supply_chain_fields,
)

BUILDERS = {
    "purchase_order": a_purchase_order,
    "invoice": an_invoice,
    "shipment": a_shipment,
    "warehouse_receipt": a_warehouse_receipt,
    "financing_request": a_financing_request,
    "acceptance": an_acceptance,
    "assignment": an_assignment,
    "drawdown": a_drawdown,
    "repayment": a_repayment,
    "credit_note": a_credit_note,
    "default_notice": a_default_notice,
}
ISSUERS = {
    "purchase_order": "B1", "invoice": "S1", "shipment": "C1", "warehouse_receipt": "W1", "financing_request": "S1",
    "acceptance": "B1", "assignment": "S1", "drawdown": "F1", "repayment": "B1", "credit_note": "S1",
    "default_notice": "F1",
}  # fmt: skip


def test_every_type_has_a_builder_and_an_issuer():
    assert list(BUILDERS) == list(EVENT_TYPES)
    assert list(ISSUERS) == list(EVENT_TYPES)


@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_a_document_is_told_by_its_type_and_keeps_what_it_was_given(kind):
    found = TypeAdapter(SupplyChainEvent).validate_python(supply_chain_fields(kind))
    assert type(found) is EVENT_TYPES[kind]
    assert found.model_dump(mode="json", exclude_unset=True) == supply_chain_fields(kind)


@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_a_document_is_named_by_its_type_its_number_and_its_issuer(kind):
    document = BUILDERS[kind](document_number="N-9").document
    assert (document.type, document.number, document.issuer) == (kind, "N-9", ISSUERS[kind])


@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_a_document_never_changes(kind):
    with pytest.raises(ValidationError, match="frozen"):
        BUILDERS[kind]().document_number = "other"


@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_a_document_that_refers_to_itself_is_refused(kind):
    own = BUILDERS[kind]().document.model_dump()
    with pytest.raises(ValidationError, match="must not name the document itself"):
        BUILDERS[kind](references=[ORDER, INVOICE, own])


def test_a_document_that_refers_to_itself_in_other_letters_of_the_same_shape_is_refused():
    with pytest.raises(ValidationError, match="must not name the document itself"):
        an_invoice(references=[{**INVOICE, "number": "\uff29\uff2e\uff36-1"}])


@pytest.mark.parametrize("changed", [{"number": "INV-2"}, {"issuer": "S2"}, {"type": "credit_note"}])
def test_a_document_of_another_number_issuer_or_type_is_not_the_document_itself(changed):
    assert len(an_invoice(references=[{**INVOICE, **changed}]).references) == 1


def test_documents_that_refer_to_each_other_are_taken_for_no_single_one_shows_the_cycle():
    first = an_invoice(references=[{**INVOICE, "number": "INV-2"}])
    second = an_invoice(document_number="INV-2", references=[first.document])
    assert second.document.key == first.references[0].key


def test_scripts_may_be_mixed_in_identifiers_which_stay_as_they_came():
    cyrillic, fullwidth = "S1-\u0410", "\uff331-A"
    found = an_invoice(seller={"id": cyrillic}, document_number=fullwidth)
    assert (found.seller.id, found.document_number) == (cyrillic, fullwidth)


def test_identifiers_are_compared_in_their_compatible_form():
    assert a_reference(number="\uff29\uff2e\uff36-1").key == a_reference(number="INV-1").key
    assert a_reference(number="\u0406NV-1").key != a_reference(number="INV-1").key  # a Cyrillic letter is another one


@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_a_document_may_be_due_on_the_day_of_its_issue_and_not_before(kind):
    same = BUILDERS[kind](issue_date="2024-02-29", due_date="2024-02-29")
    assert same.due_date == same.issue_date == date(2024, 2, 29)
    with pytest.raises(ValidationError, match=r"due_date\n.*must not lie before issue_date"):
        BUILDERS[kind](issue_date="2024-02-29", due_date="2024-02-28")


@pytest.mark.parametrize("kind", ["invoice", "acceptance"])
def test_what_promises_payment_says_when(kind):
    with pytest.raises(ValidationError, match=r"due_date\n *Field required"):
        BUILDERS[kind](due_date=None)


def test_parties_are_listed_by_role_and_those_not_named_are_left_out():
    assert {role: party.id for role, party in a_financing_request().parties.items()} == {
        "seller": "S1",
        "buyer": "B1",
        "financier": "F1",
    }
    assert {role: party.id for role, party in a_repayment().parties.items()} == {
        "seller": "S1",
        "financier": "F1",
        "payer": "B1",
    }


@pytest.mark.parametrize(
    ("basis", "document", "side"),
    [
        ("invoice", "invoice", "buyer"),
        ("purchase_order", "purchase_order", "buyer"),
        ("reverse_factoring", "invoice", "buyer"),
        ("warehouse_receipt", "warehouse_receipt", "warehouse"),
    ],
)
def test_a_request_names_a_document_of_its_basis_and_the_party_that_it_rests_on(basis, document, side):
    named = {"basis": basis, "references": [{**INVOICE, "type": document}], "buyer": None, side: BUYER}
    assert a_financing_request(**named).basis == basis
    with pytest.raises(ValidationError, match=f"must name at least one {document} where basis is {basis}"):
        a_financing_request(**{**named, "references": [{**INVOICE, "type": "contract"}]})
    with pytest.raises(ValidationError, match=f"must be given where basis is {basis}"):
        a_financing_request(**{**named, side: None})


def test_an_acceptance_names_what_is_accepted():
    with pytest.raises(ValidationError, match="must name what is accepted"):
        an_acceptance(references=[])


def test_the_defaulter_is_a_party_to_the_notice():
    assert a_default_notice(buyer=None, defaulter="seller").defaulter == "seller"
    with pytest.raises(ValidationError, match="must be given where it is the defaulter"):
        a_default_notice(buyer=None)


@pytest.mark.parametrize("kind", ["shipment", "warehouse_receipt"])
def test_a_declared_value_and_its_currency_come_together(kind):
    build = BUILDERS[kind]
    assert build(declared_value_minor=1, currency="USD").declared_value_minor == 1
    for half in ({"declared_value_minor": 1}, {"currency": "USD"}):
        with pytest.raises(ValidationError, match="must be given with declared_value_minor"):
            build(**half)


def test_what_is_over_a_limit_or_a_capacity_is_taken_for_it_is_what_a_score_is_for():
    assert a_drawdown(amount_minor=2, limit_minor=1).amount_minor == 2
    full = a_warehouse_receipt(capacity={"value": 1, "unit_code": "GRM"})
    assert full.capacity is not None
    assert full.capacity.in_base() < full.quantity.in_base()


def test_a_repayment_names_who_pays_and_from_which_account():
    found = a_repayment(payer={**SELLER, "account": "X-9"})
    assert (found.payer.id, found.payer.account) == ("S1", "X-9")
    with pytest.raises(ValidationError, match=r"payer\n *Field required"):
        a_repayment(payer=None)


def test_references_may_name_every_type_of_event_and_contracts():
    assert [*get_args(EventType), "contract"] == list(get_args(DocumentType))
    assert list(get_args(EventType)) == list(EVENT_TYPES)
