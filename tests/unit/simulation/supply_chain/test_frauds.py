"""What each family does, seen in its documents, and that each decoy stays honest where the family is not."""

from collections import defaultdict

import pytest

from stream.events.supply_chain.supply_chain_event import EVENT_TYPES
from stream.simulation.supply_chain.behaviours import DECOYS, FAMILIES
from tests.builders.economy import simulated_family


def issuer(document):
    return document[EVENT_TYPES[document["type"]].issued_by]["id"]


def key(document):
    return document["type"], document["document_number"], issuer(document)


class Schemes:
    """The documents of each fraud or decoy of a line."""

    def __init__(self, name, **changed):
        made = simulated_family(name, **changed)
        self.known = {key(one): one for one in made.documents}
        self.of, self.acts = defaultdict(list), []
        for one, origin in zip(made.documents, made.origins, strict=True):
            if origin.scheme >= 0:
                self.of[origin.scheme].append(one)
                if origin.is_act:
                    self.acts.append((one, origin.scheme))

    def whole(self):
        """Return, for each act, it and the documents of its scheme, by type."""
        for act, scheme in self.acts:
            by_type = defaultdict(list)
            for one in self.of[scheme]:
                by_type[one["type"]].append(one)
            yield act, by_type

    def named(self, document, kind):
        """Return the documents of a type that a document names, as far as they are there."""
        keys = [(one["type"], one["number"], one["issuer"]) for one in document.get("references", [])]
        return [self.known[one] for one in keys if one[0] == kind and one in self.known]


def share(found):
    found = list(found)
    assert len(found) >= 15
    return sum(found) / len(found)


def test_double_financing_names_one_invoice_in_two_requests():
    schemes = Schemes("double_financing_exact")
    assert (
        share(len({str(one["references"]) for one in by["financing_request"]}) == 1 for _, by in schemes.whole()) == 1
    )
    lenders = [len({one["financier"]["id"] for one in by["financing_request"]}) for _, by in schemes.whole()]
    assert {*lenders} == {1, 2}


def test_a_near_copy_is_another_invoice_of_nearly_the_same():
    schemes = Schemes("double_financing_near")
    edited = rounded = split = 0
    for _, by in schemes.whole():
        first, *copies = by["invoice"]
        for copy in copies:
            ratio = copy["amount_minor"] / first["amount_minor"]
            split += ratio < 0.9
            rounded += copy["amount_minor"] % 1_000 == 0
            edited += copy["document_number"][:-2].startswith(first["document_number"][:-2])
            assert 0.4 < ratio < 2.5
    assert min(edited, rounded, split) > 2


@pytest.mark.parametrize("name", ["fictitious_invoice", "phantom_buyer"])
def test_nothing_is_shipped_of_an_invented_sale(name):
    for _, by in Schemes(name).whole():
        assert by["shipment"] == []
        assert by["financing_request"]


def test_a_phantom_is_known_by_one_seller_alone():
    made = simulated_family("phantom_buyer")
    sellers = defaultdict(set)
    for one in made.documents:
        if "buyer" in one:
            sellers[one["buyer"]["id"]].add(one["seller"]["id"])
    acts = [one for one, origin in zip(made.documents, made.origins, strict=True) if origin.is_act]
    assert {len(sellers[one["buyer"]["id"]]) for one in acts} == {1}


def test_pre_invoiced_goods_leave_long_after_their_invoice():
    lags = [
        by["shipment"][0]["occurred_at_s"] - by["invoice"][0]["occurred_at_s"]
        for _, by in Schemes("pre_invoicing").whole()
        if by["shipment"] and by["invoice"]
    ]
    assert len(lags) > 15
    assert sum(lags) / len(lags) > 20 * 86_400


def test_an_aged_claim_gets_a_second_invoice_after_the_first_was_due():
    both = [by["invoice"] for _, by in Schemes("re_ageing").whole() if len(by["invoice"]) == 2]
    assert len(both) > 10
    assert all(young["issue_date"] > old["due_date"] for old, young in both)
    assert all(young["quantity"]["unit_code"] == old["quantity"]["unit_code"] for old, young in both)


def test_over_invoiced_goods_cost_more_than_their_code_does():
    made = simulated_family("over_invoicing")
    prices, high = defaultdict(list), []
    for one, origin in zip(made.documents, made.origins, strict=True):
        if one["type"] == "invoice" and "goods_code" in one:
            price = one["amount_minor"] / one["quantity"]["value"]
            prices[one["goods_code"]].append(price)
            if origin.scheme >= 0:
                high.append((one["goods_code"], price))
    usual = {code: sorted(found)[len(found) // 2] for code, found in prices.items()}
    assert share(price > 1.2 * usual[code] for code, price in high) > 0.8


def test_more_is_invoiced_than_was_shipped():
    schemes = Schemes("quantity_above_shipment")
    more = [
        by["invoice"][0]["quantity"]["value"] / by["shipment"][0]["quantity"]["value"]
        for _, by in schemes.whole()
        if by["invoice"] and by["shipment"]
    ]
    assert min(more) > 1.1


def test_a_circle_closes_and_its_net_flow_is_small():
    closed = 0
    for _, by in Schemes("circular_trade").whole():
        flow = defaultdict(int)
        for one in by["invoice"]:
            flow[one["seller"]["id"]] += one["amount_minor"]
            flow[one["buyer"]["id"]] -= one["amount_minor"]
        whole = len(flow) == len(by["invoice"])
        closed += whole
        assert not whole or max(map(abs, flow.values())) < 0.1 * max(one["amount_minor"] for one in by["invoice"])
        assert 2 <= len(flow) <= 4
    assert closed > 15


def test_a_bust_out_grows_and_defaults():
    schemes = Schemes("bust_out")
    grown = []
    for _, by in schemes.whole():
        times = [one["occurred_at_s"] for one in by["financing_request"]]
        if times[-1] - times[0] > 60 * 86_400:
            grown += [one > (times[0] + times[-1]) / 2 for one in times]
    assert share(grown) > 0.6
    assert max(len(by["default_notice"]) for _, by in schemes.whole()) >= 4


def test_a_diluted_invoice_was_financed_before_it_was_credited():
    schemes = Schemes("diluted_receivables")
    shares = []
    for note, by in schemes.whole():
        for invoice in schemes.named(note, "invoice"):
            shares.append(note["amount_minor"] / invoice["amount_minor"])
            drawn = [one["occurred_at_s"] for one in by["drawdown"] if schemes.named(one, "invoice") == [invoice]]
            assert all(one < note["occurred_at_s"] for one in drawn)
    assert 0.25 < sum(shares) / len(shares) < 0.8


def test_own_money_comes_in_the_buyers_name_from_an_account_of_the_seller_just_after_a_drawdown():
    made = simulated_family("own_money_repayment")
    accounts = defaultdict(set)
    for one in made.documents:
        if "account" in one["seller"]:
            accounts[one["seller"]["id"]].add(one["seller"]["account"])
    acts = [one for one, origin in zip(made.documents, made.origins, strict=True) if origin.is_act]
    assert all(one["payer"]["id"] != one["seller"]["id"] for one in acts)
    assert share(one["payer"]["account"] in accounts[one["seller"]["id"]] for one in acts) > 0.5
    drawn = defaultdict(list)
    for one in made.documents:
        if one["type"] == "drawdown":
            drawn[one["seller"]["id"]].append(one["occurred_at_s"])
    fresh = [
        any(0 < one["occurred_at_s"] - when < 12 * 86_400 for when in drawn[one["seller"]["id"]]) for one in acts
    ]  # fmt: skip
    assert share(fresh) > 0.9


def test_a_lot_is_pledged_twice_in_full():
    schemes = Schemes("lot_pledged_twice")
    for _, by in schemes.whole():
        assert len({one["lot"] for one in by["warehouse_receipt"]}) <= 1
        assert len({one["quantity"]["value"] for one in by["warehouse_receipt"]}) <= 1


def test_more_lies_in_a_warehouse_than_it_holds_though_each_receipt_fits():
    over = set()
    schemes = Schemes("above_capacity")
    for _, by in schemes.whole():
        receipts = by["warehouse_receipt"]
        assert len({one["warehouse"]["id"] for one in receipts}) <= 1
        shares = [
            one["quantity"]["value"] / one["capacity"]["value"] for one in receipts if "capacity" in one
        ]  # fmt: skip
        over.add(sum(shares) * len(receipts) / max(len(shares), 1) > 0.9)
        assert len(receipts) < 3 or sorted(shares)[len(shares) // 2] < 0.6
    assert True in over


def test_decoys_are_no_frauds_and_every_family_and_decoy_is_as_often_as_asked():
    for name in [*FAMILIES, *DECOYS]:
        made = simulated_family(name, frauds=12)
        acts = [origin for origin in made.origins if origin.is_act]
        assert 12 <= len(acts) <= 16
        assert all(one.is_fraud == (name in FAMILIES) for one in acts)


def test_a_cancelled_invoice_is_credited_in_full_and_issued_anew():
    for _, by in Schemes("reissued_invoice").whole():
        if len(by["invoice"]) == 2 and by["credit_note"]:
            old, new = by["invoice"]
            assert old["amount_minor"] == new["amount_minor"]
            assert old["amount_minor"] in [one["amount_minor"] for one in by["credit_note"]]


def test_syndicates_and_parts_of_a_lot_add_up_to_the_whole():
    syndicated = Schemes("syndication")
    for act, by in syndicated.whole():
        for on in syndicated.named(act, "invoice"):
            assert sum(one["amount_minor"] for one in by["financing_request"]) <= 1.01 * on["amount_minor"]
    for _, by in Schemes("pledged_in_parts").whole():
        assert len({one["lot"] for one in by["warehouse_receipt"]}) <= 1
        assert len({one["quantity"]["value"] for one in by["warehouse_receipt"]}) in {1, 2}
