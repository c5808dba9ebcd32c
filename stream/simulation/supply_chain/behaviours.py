"""All families of fraud and all decoys by name, and in which kinds of line each can be."""

from dataclasses import dataclass

from stream.simulation.supply_chain.decoys import relations, repeats, sales
from stream.simulation.supply_chain.frauds import ageing, double_financing, hollow_claims, invented_sales, overstated
from stream.simulation.supply_chain.frauds.bust_out import bust_out
from stream.simulation.supply_chain.frauds.circular_trade import circular_trade
from stream.simulation.supply_chain.frauds.family import Family
from stream.simulation.supply_chain.frauds.warehouse_pledge import above_capacity, lot_pledged_twice
from stream.simulation.supply_chain.line_profile import Kind

_INVOICES: tuple[Kind, ...] = ("factoring", "reverse_factoring", "dynamic_discounting")
_SALES: tuple[Kind, ...] = (*_INVOICES, "order_finance")
_LENT: tuple[Kind, ...] = ("factoring", "reverse_factoring", "order_finance", "warehouse_receipts")
_STORED: tuple[Kind, ...] = ("warehouse_receipts",)
_ALL: tuple[Kind, ...] = (*_SALES, "warehouse_receipts")


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A family of fraud or a decoy.

    Attributes:
        make: Adds one scheme of it.
        kinds: Kinds of line that can have it.
        looks_like: Of a decoy, the families that it is taken for.
    """

    make: Family
    kinds: tuple[Kind, ...]
    looks_like: tuple[str, ...] = ()


FAMILIES: dict[str, Behaviour] = {
    "double_financing_exact": Behaviour(double_financing.double_financing_exact, _SALES),
    "double_financing_near": Behaviour(double_financing.double_financing_near, _SALES),
    "fictitious_invoice": Behaviour(invented_sales.fictitious_invoice, _SALES),
    "pre_invoicing": Behaviour(ageing.pre_invoicing, _INVOICES),
    "re_ageing": Behaviour(ageing.re_ageing, _INVOICES),
    "over_invoicing": Behaviour(overstated.over_invoicing, _ALL),
    "quantity_above_shipment": Behaviour(overstated.quantity_above_shipment, _INVOICES),
    "circular_trade": Behaviour(circular_trade, _SALES),
    "bust_out": Behaviour(bust_out, _ALL),
    "diluted_receivables": Behaviour(hollow_claims.diluted_receivables, _INVOICES),
    "own_money_repayment": Behaviour(hollow_claims.own_money_repayment, _LENT),
    "lot_pledged_twice": Behaviour(lot_pledged_twice, _STORED),
    "above_capacity": Behaviour(above_capacity, _STORED),
    "phantom_buyer": Behaviour(invented_sales.phantom_buyer, ("factoring", "order_finance")),
}

_DOUBLE = ("double_financing_exact", "double_financing_near")

DECOYS: dict[str, Behaviour] = {
    "instalments": Behaviour(repeats.instalments, _INVOICES, ("double_financing_near",)),
    "standing_order": Behaviour(repeats.standing_order, _ALL, ("double_financing_near", "lot_pledged_twice")),
    "reissued_invoice": Behaviour(repeats.reissued_invoice, _INVOICES, ("double_financing_near", "re_ageing")),
    "request_sent_again": Behaviour(repeats.request_sent_again, _ALL, ("double_financing_exact", "lot_pledged_twice")),
    "syndication": Behaviour(repeats.syndication, _ALL, (*_DOUBLE, "lot_pledged_twice")),
    "pledged_in_parts": Behaviour(repeats.pledged_in_parts, _STORED, ("lot_pledged_twice",)),
    "late_shipment": Behaviour(sales.late_shipment, _INVOICES, ("pre_invoicing", "fictitious_invoice")),
    "new_buyer": Behaviour(sales.new_buyer, _SALES, ("phantom_buyer", "fictitious_invoice")),
    "premium_grade": Behaviour(sales.premium_grade, _ALL, ("over_invoicing",)),
    "part_shipments": Behaviour(sales.part_shipments, _INVOICES, ("quantity_above_shipment",)),
    "seasonal_growth": Behaviour(relations.seasonal_growth, _ALL, ("bust_out",)),
    "group_circle": Behaviour(relations.group_circle, _SALES, ("circular_trade",)),
    "dispute": Behaviour(relations.dispute, _INVOICES, ("diluted_receivables",)),
    "treasury_payer": Behaviour(relations.treasury_payer, _LENT, ("own_money_repayment",)),
    "harvest": Behaviour(relations.harvest, _STORED, ("above_capacity",)),
}
"""Round amounts by habit are some sellers' way in every line (`Firm.rounds`), and no decoy of their own."""
