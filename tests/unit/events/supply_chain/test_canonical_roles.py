"""Supply-chain events in the roles that the stream scores."""

import pytest

from stream.events.supply_chain.canonical_roles import as_transaction
from stream.events.supply_chain.supply_chain_event import EVENT_TYPES
from stream.events.transaction import Transaction
from stream.events.transaction_columns import batch_of
from tests.builders.events import NOON_S
from tests.builders.supply_chain import (
    INVOICE,
    LINE,
    SELLER,
    WAREHOUSE,
    a_default_notice,
    a_drawdown,
    a_financing_request,
    a_repayment,
    a_shipment,
    a_warehouse_receipt,
    an_invoice,
    supply_chain_fields,
)

# subject, counterparty, instrument, place
ROLES = {
    "purchase_order": ("S1", "B1", "CL-001", "CL"),
    "invoice": ("S1", "B1", "CL-001", "CL"),
    "shipment": ("S1", "B1", "Atacama", "Antofagasta"),
    "warehouse_receipt": ("S1", "W1", "L-7", "Rotterdam"),
    "financing_request": ("S1", "B1", "CL-001", "CL"),
    "acceptance": ("S1", "B1", "CL-001", "CL"),
    "assignment": ("S1", "B1", "CL-001", "CL"),
    "drawdown": ("S1", "B1", "CL-001", "CL"),
    "repayment": ("S1", "B1", "DE-002", "CL"),
    "credit_note": ("B1", "S1", "DE-002", "DE"),
    "default_notice": ("S1", "B1", "CL-001", "CL"),
}


def of_type(kind, **changed):
    return EVENT_TYPES[kind].model_validate(supply_chain_fields(kind, **changed))


def test_every_type_has_its_roles():
    assert list(ROLES) == list(EVENT_TYPES)


@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_who_gets_the_money_is_the_subject_and_on_whom_it_rests_the_counterparty(kind):
    found = as_transaction(of_type(kind))
    assert (found.subject, found.counterparty, found.instrument, found.place) == ROLES[kind]


@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_identifier_line_and_event_time_are_the_events_own(kind):
    found = as_transaction(of_type(kind))
    assert (found.event_id, found.line, found.occurred_at_s) == (f"{kind}-1", LINE, NOON_S)


@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_the_channel_is_the_type_with_the_basis_of_a_request(kind):
    wanted = "financing_request:invoice" if kind == "financing_request" else kind
    assert as_transaction(of_type(kind)).channel == wanted


@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_the_amount_is_the_documents_or_none_in_no_currency(kind):
    found = as_transaction(of_type(kind))
    goods = kind in ("shipment", "warehouse_receipt")
    assert (found.amount_minor, found.currency) == ((0, "XXX") if goods else (11_250_000, "USD"))


def test_a_declared_value_is_the_amount_of_goods():
    found = as_transaction(a_shipment(declared_value_minor=500, currency="JPY"))
    assert (found.amount_minor, found.currency) == (500, "JPY")


def test_goods_in_a_warehouse_rest_on_the_warehouse_though_a_buyer_is_named():
    receipt = [{**INVOICE, "type": "warehouse_receipt"}]
    found = as_transaction(a_financing_request(basis="warehouse_receipt", warehouse=WAREHOUSE, references=receipt))
    assert (found.counterparty, found.channel) == ("W1", "financing_request:warehouse_receipt")


def test_where_nobody_else_is_to_pay_it_rests_on_the_financier():
    assert as_transaction(a_drawdown(buyer=None)).counterparty == "F1"
    assert as_transaction(a_default_notice(buyer=None, defaulter="seller")).counterparty == "F1"


def test_a_seller_who_repays_for_its_buyer_is_its_own_counterparty():
    found = as_transaction(a_repayment(payer=SELLER))
    assert (found.subject, found.counterparty, found.instrument) == ("S1", "S1", "CL-001")


def test_what_a_document_does_not_say_is_left_out():
    bare = {"id": "S1"}
    found = as_transaction(an_invoice(seller=bare))
    assert (found.instrument, found.place, found.text) == (None, None, None)
    assert as_transaction(a_shipment(seller=bare, port_of_loading=None, vessel_name=None)).place is None


def test_the_text_is_purpose_and_description_as_far_as_a_transaction_takes_them():
    assert as_transaction(an_invoice(purpose="copper", description="cathodes\n25 t")).text == "copper\ncathodes\n25 t"
    long = as_transaction(a_warehouse_receipt(purpose="p" * 4096, description="d" * 4096)).text
    assert long == "p" * 4096


@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_the_longest_event_that_is_taken_is_a_transaction_too(kind):
    fields = supply_chain_fields(kind, purpose="p" * 4096, event_id="e" * 256, line="l" * 64)
    longest = {role: dict.fromkeys(("id", "name", "account"), "x" * 256) for role in fields if role in PARTIES}
    texts = {name: "t" * 256 for name in ("lot", "location", "port_of_loading", "vessel_name") if name in fields}
    money = {"amount_minor": 10**15} if "amount_minor" in fields else {}
    event = EVENT_TYPES[kind].model_validate({**fields, **longest, **texts, **money})
    assert Transaction.model_validate(as_transaction(event).model_dump()).subject == "x" * 256


def test_transactions_of_all_types_become_columns():
    batch = batch_of([as_transaction(of_type(kind)) for kind in EVENT_TYPES], [0] * len(EVENT_TYPES))
    assert batch.subject == [roles[0] for roles in ROLES.values()]


PARTIES = ("seller", "buyer", "financier", "carrier", "warehouse", "payer")
