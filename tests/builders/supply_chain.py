"""Builds documents of supply-chain finance: of one sale of copper, from its order to the notice of default."""

from datetime import UTC, datetime
from typing import Any, TypeVar

import orjson

from stream.events.business_line import BusinessLine
from stream.events.supply_chain.acceptance import Acceptance
from stream.events.supply_chain.assignment import Assignment
from stream.events.supply_chain.credit_note import CreditNote
from stream.events.supply_chain.default_notice import DefaultNotice
from stream.events.supply_chain.document import DocumentReference
from stream.events.supply_chain.drawdown import Drawdown
from stream.events.supply_chain.financing_request import FinancingRequest
from stream.events.supply_chain.invoice import Invoice
from stream.events.supply_chain.party import Party
from stream.events.supply_chain.purchase_order import PurchaseOrder
from stream.events.supply_chain.quantity import Quantity
from stream.events.supply_chain.repayment import Repayment
from stream.events.supply_chain.shipment import Shipment
from stream.events.supply_chain.supply_chain_document import SupplyChainDocument
from stream.events.supply_chain.warehouse_receipt import WarehouseReceipt
from tests.builders.events import NOON_S

LINE = "copper-finance"
_TODAY = datetime.fromtimestamp(NOON_S, UTC).date().isoformat()
_DUE = "2024-01-31"

SELLER = {"id": "S1", "name": "Acme Metals", "country": "CL", "account": "CL-001"}
BUYER = {"id": "B1", "name": "Cable Works", "country": "DE", "account": "DE-002"}
FINANCIER = {"id": "F1", "name": "First Bank", "country": "CH"}
CARRIER = {"id": "C1", "name": "Blue Line"}
WAREHOUSE = {"id": "W1", "name": "Pier Stores", "country": "NL"}
COPPER = {"goods_code": "740311", "quantity": {"value": 12_500, "scale": 3, "unit_code": "TNE"}}
MONEY = {"amount_minor": 11_250_000, "currency": "USD"}
ORDER = {"type": "purchase_order", "number": "PO-1", "issuer": "B1"}
INVOICE = {"type": "invoice", "number": "INV-1", "issuer": "S1"}
DRAWN = {"type": "drawdown", "number": "DD-1", "issuer": "F1"}

Document = TypeVar("Document", bound=SupplyChainDocument)

_SALE = {"seller": SELLER, "buyer": BUYER, **MONEY}
_FINANCED = {**_SALE, "financier": FINANCIER}
_FIELDS: dict[str, dict[str, Any]] = {
    "purchase_order": {"document_number": "PO-1", **_SALE, **COPPER},
    "invoice": {"document_number": "INV-1", "due_date": _DUE, "references": [ORDER], **_SALE, **COPPER},
    "shipment": {
        "document_number": "BL-1", "seller": SELLER, "buyer": BUYER, "carrier": CARRIER, "references": [ORDER],
        "port_of_loading": "Antofagasta", "port_of_discharge": "Hamburg", "vessel_name": "Atacama", **COPPER,
    },
    "warehouse_receipt": {
        "document_number": "WR-1", "seller": SELLER, "warehouse": WAREHOUSE, "lot": "L-7", "location": "Rotterdam",
        "capacity": {"value": 900, "unit_code": "TNE"}, **COPPER,
    },
    "financing_request": {"document_number": "FR-1", "basis": "invoice", "references": [INVOICE], **_FINANCED},
    "acceptance": {"document_number": "AC-1", "due_date": _DUE, "references": [INVOICE], **_FINANCED},
    "assignment": {"document_number": "AS-1", "references": [INVOICE], **_FINANCED},
    "drawdown": {"document_number": "DD-1", "limit_minor": 50_000_000, "references": [INVOICE], **_FINANCED},
    "repayment": {
        "document_number": "RP-1", "seller": SELLER, "financier": FINANCIER, "payer": BUYER, "references": [DRAWN],
        **MONEY,
    },
    "credit_note": {"document_number": "CN-1", "references": [INVOICE], **_SALE},
    "default_notice": {"document_number": "DN-1", "defaulter": "buyer", "references": [DRAWN], **_FINANCED},
}  # fmt: skip


def a_documents_line(**changed: Any) -> BusinessLine:
    """Return line `copper-finance`, whose topic carries documents."""
    declared = {"line": LINE, "topic": "copper-documents", "kind": "seller", "documents": "supply_chain"}
    return BusinessLine.model_validate({**declared, **changed})


def supply_chain_fields(kind: str = "invoice", **changed: Any) -> dict[str, Any]:
    """Return a valid document as JSON has it; fields set to None are left out."""
    shared = {"type": kind, "event_id": f"{kind}-1", "line": LINE, "occurred_at_s": NOON_S, "issue_date": _TODAY}
    return {name: value for name, value in {**shared, **_FIELDS[kind], **changed}.items() if value is not None}


def supply_chain_bytes(kind: str = "invoice", **changed: Any) -> bytes:
    """Return a valid document as it is produced; fields set to None are left out."""
    return orjson.dumps(supply_chain_fields(kind, **changed))


def a_party(**changed: Any) -> Party:
    """Return the seller."""
    return Party.model_validate({**SELLER, **changed})


def a_reference(**changed: Any) -> DocumentReference:
    """Return a reference to the invoice."""
    return DocumentReference.model_validate({**INVOICE, **changed})


def a_quantity(value: int = 1, unit_code: str = "KGM", scale: int = 0) -> Quantity:
    """Return a quantity; one kilogram by default."""
    return Quantity(value=value, unit_code=unit_code, scale=scale)


def a_purchase_order(**changed: Any) -> PurchaseOrder:
    """Return the buyer's order."""
    return _a(PurchaseOrder, "purchase_order", changed)


def an_invoice(**changed: Any) -> Invoice:
    """Return the seller's invoice of the order."""
    return _a(Invoice, "invoice", changed)


def a_shipment(**changed: Any) -> Shipment:
    """Return the bill of lading."""
    return _a(Shipment, "shipment", changed)


def a_warehouse_receipt(**changed: Any) -> WarehouseReceipt:
    """Return a receipt for the copper."""
    return _a(WarehouseReceipt, "warehouse_receipt", changed)


def a_financing_request(**changed: Any) -> FinancingRequest:
    """Return a request on the invoice."""
    return _a(FinancingRequest, "financing_request", changed)


def an_acceptance(**changed: Any) -> Acceptance:
    """Return the buyer's acceptance of the invoice."""
    return _a(Acceptance, "acceptance", changed)


def an_assignment(**changed: Any) -> Assignment:
    """Return the assignment of the invoice."""
    return _a(Assignment, "assignment", changed)


def a_drawdown(**changed: Any) -> Drawdown:
    """Return a drawdown on the invoice."""
    return _a(Drawdown, "drawdown", changed)


def a_repayment(**changed: Any) -> Repayment:
    """Return the buyer's repayment of the drawdown."""
    return _a(Repayment, "repayment", changed)


def a_credit_note(**changed: Any) -> CreditNote:
    """Return a credit note on the invoice."""
    return _a(CreditNote, "credit_note", changed)


def a_default_notice(**changed: Any) -> DefaultNotice:
    """Return a notice that the buyer did not pay."""
    return _a(DefaultNotice, "default_notice", changed)


def _a(model: type[Document], kind: str, changed: dict[str, Any]) -> Document:
    return model.model_validate(supply_chain_fields(kind, **changed))
