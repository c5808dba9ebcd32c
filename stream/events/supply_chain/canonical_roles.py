"""A supply-chain event in canonical roles, so that the stream profiles and scores it like a payment."""

from stream.events.supply_chain.credit_note import CreditNote
from stream.events.supply_chain.currency_code import NO_CURRENCY
from stream.events.supply_chain.financing_request import FinancingRequest
from stream.events.supply_chain.goods_document import GoodsDocument
from stream.events.supply_chain.party import Party
from stream.events.supply_chain.repayment import Repayment
from stream.events.supply_chain.shipment import Shipment
from stream.events.supply_chain.supply_chain_event import SupplyChainEvent
from stream.events.supply_chain.warehouse_receipt import WarehouseReceipt
from stream.events.transaction import MOST_WORDS, Transaction


def as_transaction(event: SupplyChainEvent) -> Transaction:
    """Return an event as the stream scores it.

    - subject: Who gets, got or asks for the money: the seller, of a credit note the buyer.
    - counterparty: On whom it rests that the money comes back: the buyer, the warehouse that holds the goods, who
      repays, else the financier.
    - instrument: Account of the subject, of a repayment the paying one; the lot of a warehouse; the vessel.
    - place: Location of the warehouse, port of loading, else the subject's country.
    - amount: As declared for goods; 0 in no currency (XXX) where nothing is.
    - channel: The type; of a request `financing_request:` and its basis.
    - text: Purpose and description.
    """
    subject, counterparty = _sides(event)
    amount_minor, currency = _money(event)
    return Transaction(
        event_id=event.event_id,
        line=event.line,
        occurred_at_s=event.occurred_at_s,
        subject=subject.id,
        counterparty=counterparty.id,
        amount_minor=amount_minor,
        currency=currency,
        instrument=_instrument(event, subject),
        place=_place(event, subject),
        channel=f"{event.type}:{event.basis}" if isinstance(event, FinancingRequest) else event.type,
        text="\n".join(words for words in (event.purpose, event.description) if words)[:MOST_WORDS] or None,
    )


def _sides(event: SupplyChainEvent) -> tuple[Party, Party]:
    match event:
        case CreditNote():
            return event.buyer, event.seller
        case Repayment():
            return event.seller, event.payer
        case WarehouseReceipt():
            return event.seller, event.warehouse
        case FinancingRequest(basis="warehouse_receipt"):
            return event.seller, event.warehouse or event.financier
        case _:
            parties = event.parties
            return event.seller, parties.get("buyer") or parties["financier"]


def _money(event: SupplyChainEvent) -> tuple[int, str]:
    if isinstance(event, GoodsDocument):
        return event.declared_value_minor or 0, event.currency or NO_CURRENCY
    return event.amount_minor, event.currency


def _instrument(event: SupplyChainEvent, subject: Party) -> str | None:
    match event:
        case Repayment():
            return event.payer.account
        case WarehouseReceipt():
            return event.lot
        case Shipment():
            return event.vessel_name
        case _:
            return subject.account


def _place(event: SupplyChainEvent, subject: Party) -> str | None:
    match event:
        case WarehouseReceipt():
            return event.location
        case Shipment():
            return event.port_of_loading or subject.country
        case _:
            return subject.country
