"""What an event says of documents' financing."""

from stream.events.supply_chain.assignment import Assignment
from stream.events.supply_chain.credit_note import CreditNote
from stream.events.supply_chain.document import DocumentReference
from stream.events.supply_chain.financed_document import FinancedDocument
from stream.events.supply_chain.financing_request import FINANCED, FinancingRequest
from stream.events.supply_chain.party import Party
from stream.events.supply_chain.supply_chain_event import SupplyChainEvent
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
