"""What an event says of documents' financing."""

from dataclasses import replace

from stream.events.supply_chain.assignment import Assignment
from stream.events.supply_chain.credit_note import CreditNote
from stream.events.supply_chain.currency_code import NO_CURRENCY
from stream.events.supply_chain.document import DocumentReference
from stream.events.supply_chain.financed_document import FinancedDocument
from stream.events.supply_chain.financing_request import FINANCED, FinancingRequest
from stream.events.supply_chain.invoice import Invoice
from stream.events.supply_chain.party import Party
from stream.events.supply_chain.purchase_order import PurchaseOrder
from stream.events.supply_chain.supply_chain_event import SupplyChainEvent
from stream.events.supply_chain.warehouse_receipt import WarehouseReceipt
from stream.ledger.claim import Claim, Kind

_SOLD = ("invoice", "purchase_order")


def claims_of(event: SupplyChainEvent) -> list[Claim]:
    """Return a claim for each document that an event finances or takes back; most events have none.

    Of a document that is named by reference alone, amount and days are not known. The amount is taken to be that
    of the event where the document is its only one. A credit note takes back the one document that it names.
    """
    match event:
        case FinancingRequest():
            wanted = (FINANCED[event.basis],)
            debtor = event.warehouse if event.basis == "warehouse_receipt" else event.buyer
            named = event.financed or _of_types(event.references, wanted)
            return [] if debtor is None else _financed(event, Kind.REQUEST, debtor, named)
        case Assignment():
            named = event.financed or _of_types(event.references, _SOLD)
            return _financed(event, Kind.ASSIGNMENT, event.buyer, named)
        case CreditNote():
            taken_back = _of_types(event.references, _SOLD)
            return [_cancellation(event, taken_back[0])] if len(taken_back) == 1 else []
        case _:
            return []


def claims_in_hand(event: SupplyChainEvent) -> list[Claim]:
    """Return what to ask the ledgers about a document in hand: an invoice, order or receipt, or what a request names.

    It is asked as if somebody new wanted all of it financed, by an event that no ledger knows.
    """
    match event:
        case Invoice() | PurchaseOrder():
            return [_in_hand(event, event.buyer, event.amount_minor, event.currency)]
        case WarehouseReceipt():
            return [_in_hand(event, event.warehouse, event.declared_value_minor, event.currency or NO_CURRENCY)]
        case _:
            named = [claim for claim in claims_of(event) if claim.kind is not Kind.CANCELLATION]
            return [replace(one, event_id="", kind=Kind.REQUEST, financier="", part_minor=None) for one in named]


def _in_hand(
    event: Invoice | PurchaseOrder | WarehouseReceipt, debtor: Party, amount_minor: int | None, currency: str
) -> Claim:
    return Claim(
        event_id="",
        position=0,
        occurred_at_s=event.occurred_at_s,
        kind=Kind.REQUEST,
        financier="",
        type=event.type,
        number=event.document_number,
        seller=event.seller,
        buyer=debtor,
        currency=currency,
        amount_minor=amount_minor,
        issue_date=event.issue_date,
        due_date=event.due_date,
    )


def _of_types(references: tuple[DocumentReference, ...], types: tuple[str, ...]) -> tuple[DocumentReference, ...]:
    return tuple(reference for reference in references if reference.type in types)


def _financed(
    event: FinancingRequest | Assignment, kind: Kind, debtor: Party, named: tuple[DocumentReference, ...]
) -> list[Claim]:
    return [_claim(event, kind, debtor, at, one, alone=len(named) == 1) for at, one in enumerate(named)]


def _claim(
    event: FinancingRequest | Assignment, kind: Kind, debtor: Party, at: int, named: DocumentReference, *, alone: bool
) -> Claim:
    told = named if isinstance(named, FinancedDocument) else None
    by_event = event.amount_minor if alone else None
    return Claim(
        event_id=event.event_id,
        position=at,
        occurred_at_s=event.occurred_at_s,
        kind=kind,
        financier=event.financier.id,
        type=named.type,
        number=named.number,
        seller=event.seller,
        buyer=debtor,
        currency=event.currency if told is None else told.currency,
        amount_minor=by_event if told is None else told.amount_minor,
        issue_date=None if told is None else told.issue_date,
        due_date=event.due_date if told is None else told.due_date,
        part_minor=None if told is None else told.part_minor,
    )


def _cancellation(event: CreditNote, named: DocumentReference) -> Claim:
    return Claim(
        event_id=event.event_id,
        position=0,
        occurred_at_s=event.occurred_at_s,
        kind=Kind.CANCELLATION,
        financier="",
        type=named.type,
        number=named.number,
        seller=event.seller,
        buyer=event.buyer,
        currency=event.currency,
        amount_minor=event.amount_minor,
    )
