"""Any event of supply-chain finance, told apart by its type."""

from typing import Annotated

from pydantic import Field

from stream.events.supply_chain.acceptance import Acceptance
from stream.events.supply_chain.assignment import Assignment
from stream.events.supply_chain.credit_note import CreditNote
from stream.events.supply_chain.default_notice import DefaultNotice
from stream.events.supply_chain.drawdown import Drawdown
from stream.events.supply_chain.financing_request import FinancingRequest
from stream.events.supply_chain.invoice import Invoice
from stream.events.supply_chain.purchase_order import PurchaseOrder
from stream.events.supply_chain.repayment import Repayment
from stream.events.supply_chain.shipment import Shipment
from stream.events.supply_chain.warehouse_receipt import WarehouseReceipt

AnyEvent = (
    PurchaseOrder
    | Invoice
    | Shipment
    | WarehouseReceipt
    | FinancingRequest
    | Acceptance
    | Assignment
    | Drawdown
    | Repayment
    | CreditNote
    | DefaultNotice
)
SupplyChainEvent = Annotated[AnyEvent, Field(discriminator="type")]

EVENT_TYPES: dict[str, type[AnyEvent]] = {
    "purchase_order": PurchaseOrder,
    "invoice": Invoice,
    "shipment": Shipment,
    "warehouse_receipt": WarehouseReceipt,
    "financing_request": FinancingRequest,
    "acceptance": Acceptance,
    "assignment": Assignment,
    "drawdown": Drawdown,
    "repayment": Repayment,
    "credit_note": CreditNote,
    "default_notice": DefaultNotice,
}
