"""Random documents of a few firms that trade, finance and refer to one another, for laws that hold of any."""

from hypothesis import strategies as st

from stream.events.supply_chain.supply_chain_event import EVENT_TYPES
from tests.builders.events import NOON_S
from tests.builders.supply_chain import supply_chain_fields

DAY_S = 86400.0
_FIRMS = ("A", "B", "C", "D")
_NAMES_OF = {
    "invoice": ["purchase_order"],
    "shipment": ["purchase_order", "invoice"],
    "financing_request": ["invoice", "purchase_order", "warehouse_receipt"],
    "acceptance": ["invoice"],
    "assignment": ["invoice"],
    "drawdown": ["invoice", "warehouse_receipt", "purchase_order"],
    "repayment": ["drawdown"],
    "credit_note": ["invoice"],
    "default_notice": ["drawdown"],
}
_ISSUERS = {"drawdown": ("F", "G"), "warehouse_receipt": ("W",)}
_NEEDED = {"invoice": "invoice", "purchase_order": "purchase_order", "warehouse_receipt": "warehouse_receipt"}


def _party(draw, firm):
    return {"id": firm, "account": draw(st.sampled_from([f"{firm}1", f"{firm}2", "X"]))}


def _numbers(draw):
    return draw(st.sampled_from(["1", "2", "20A", "N"]))


def _references(draw, kind):
    made = []
    for _ in range(draw(st.integers(0 if kind in ("invoice", "shipment") else 1, 2))):
        of = draw(st.sampled_from(_NAMES_OF.get(kind, ["contract"])))
        issuer = draw(st.sampled_from(_ISSUERS.get(of, _FIRMS[:2])))
        made.append({"type": of, "number": _numbers(draw), "issuer": issuer})
    return made


@st.composite
def documents(draw, most=14):
    """Return documents in order of arrival, with any order of their times."""
    return [_document(draw, at) for at in range(draw(st.integers(1, most)))]


def _document(draw, at):
    kind = draw(st.sampled_from(list(EVENT_TYPES)))
    seller, buyer = draw(st.permutations(_FIRMS[: draw(st.sampled_from([2, 2, 3, 4]))]))[:2]
    made = {
        "event_id": f"e{at}",
        "occurred_at_s": NOON_S + draw(st.integers(0, 80 * 24)) * 3600.0,
        "document_number": _numbers(draw),
        "issue_date": f"2023-{draw(st.sampled_from(['11', '12']))}-{draw(st.integers(1, 28)):02d}",
        "due_date": None,
        "references": _references(draw, kind) or None,
        "seller": _party(draw, seller),
    }
    if kind in ("invoice", "acceptance"):
        made["due_date"] = "2024-12-31"
    if kind in ("repayment", "warehouse_receipt"):
        made["buyer"] = None
    else:
        made["buyer"] = _party(draw, buyer)
    made |= _money(draw, kind) | _goods(draw, kind)
    if kind == "repayment":
        made["payer"] = _party(draw, draw(st.sampled_from([buyer, seller])))
    if kind == "financing_request":
        basis = made["references"][0]["type"]
        made["basis"] = _NEEDED[basis]
        made["warehouse"] = {"id": "W"} if basis == "warehouse_receipt" else None
    return EVENT_TYPES[kind].model_validate(supply_chain_fields(kind, **made))


def _money(draw, kind):
    made = {}
    if kind not in ("shipment", "warehouse_receipt"):
        made["amount_minor"] = draw(st.one_of(st.integers(0, 10**7), st.sampled_from([1000, 50_000])))
        made["currency"] = draw(st.sampled_from(["USD", "USD", "USD", "EUR"]))
    if kind in ("financing_request", "drawdown"):
        made["financier"] = {"id": draw(st.sampled_from(["F", "G"]))}
    if kind == "drawdown":
        made["limit_minor"] = draw(st.integers(1, 10**7))
    return made


def _goods(draw, kind):
    made = {}
    if kind in ("purchase_order", "invoice", "shipment", "warehouse_receipt"):
        made["goods_code"] = draw(st.sampled_from(["740311", "740311", None]))
        unit, most = draw(st.sampled_from([("KGM", 10**6), ("TNE", 1000)]))
        made["quantity"] = {"value": draw(st.integers(1, most)), "unit_code": unit}
    if kind == "warehouse_receipt":
        made |= {"lot": draw(st.sampled_from(["L1", "L2"])), "warehouse": {"id": "W"}}
        made["capacity"] = draw(st.sampled_from([None, {"value": 900, "unit_code": "TNE"}]))
        if draw(st.booleans()):
            made |= {"declared_value_minor": draw(st.integers(1, 10**7)), "currency": "USD"}
    return made
