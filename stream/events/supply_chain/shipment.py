"""A carrier takes goods on board: the bill of lading."""

from typing import ClassVar, Literal

from stream.events.supply_chain.goods_document import GoodsDocument
from stream.events.supply_chain.identifier import Identifier
from stream.events.supply_chain.party import Party


class Shipment(GoodsDocument):
    """A bill of lading.

    Attributes:
        seller: The consignor.
        buyer: The consignee.
        carrier: Who carries the goods, and issues the bill.
        port_of_loading: Or another place where the goods were taken.
        port_of_discharge: Or another place where they are delivered.
        vessel_name: Or another means of transport.
    """

    issued_by: ClassVar[str] = "carrier"

    type: Literal["shipment"] = "shipment"
    buyer: Party
    carrier: Party
    port_of_loading: Identifier | None = None
    port_of_discharge: Identifier | None = None
    vessel_name: Identifier | None = None
