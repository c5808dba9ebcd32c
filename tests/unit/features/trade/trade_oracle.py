"""The features of trade as slow plain Python: each is a scan of all documents so far, in order of arrival."""

from math import expm1, inf, log, log1p, log10, nan

from stream.events.supply_chain.supply_chain_event import EVENT_TYPES
from tests.unit.features.trade.circle_oracle import CircleOracle
from tests.unit.features.trade.document_reading import (
    CLAIMS,
    DAY_S,
    FAST,
    LOAN,
    SLOW,
    STORE,
    amount_of,
    capped,
    code,
    currency_of,
    days,
    dimension_of,
    left,
    log_price,
    log_ratio,
    newest,
    noughts,
    party,
    priced,
    quantity_of,
    refs,
    signed_log,
    total,
)


class Oracle:
    def __init__(self, events):
        self.events = events
        self.now = events[-1]
        self.arrived = {}
        self.sales = []
        self.new = []
        self.claims, self.prices = [], {}
        for one in events:
            self._arrive(one)
            self.claims.append(self.claim_of(one))

    def _arrive(self, one):
        key = one.document.key
        if one.type not in CLAIMS:
            if one.type == "drawdown":
                self.arrived.setdefault(key, one)
            return
        if key in self.arrived:
            return
        self.new.append(one)
        order = self.order_key(one)
        is_later = one.type == "invoice" and order in self.arrived
        if not is_later and not (one.type == "purchase_order" and self._is_invoiced(key)):
            self.sales.append(one)
        self.arrived[key] = one

    def _is_invoiced(self, key):
        return any(other.type == "invoice" and self.order_key(other) == key for other in self.new)

    def is_sale(self, event):
        return any(one is event for one in self.sales)

    @staticmethod
    def order_key(event):
        return next((key for key in refs(event) if key[0] == "purchase_order"), None)

    def claim_of(self, event):
        if event.type in CLAIMS:
            return self.arrived[event.document.key]
        if event.type == "shipment":
            return None
        for key in refs(event):
            found = self.arrived.get(key)
            if found is not None and found.type == "drawdown" and refs(found):
                found = self.arrived.get(refs(found)[0])
            if found is not None and found.type != "drawdown":
                return found
        return None

    def referring(self, kind, key):
        """Yield events of a type that name a document, with the share of them that is its."""
        for one in self.events:
            named = [key for key in refs(one) if key[0] in CLAIMS]
            if one.type == kind and key in named:
                yield one, 1 / len(named)

    def features(self):
        out = {"document_type": 1.0 + list(EVENT_TYPES).index(self.now.type)}
        claim = self.claim_of(self.now)
        self.seller(out)
        buyer = party(self.now, "buyer") or (claim is not None and party(claim, "buyer")) or None
        if buyer is not None:
            self.pair(out, buyer)
            if currency_of(self.now):
                out |= CircleOracle(self, buyer).features(claim)
        if claim is not None:
            self.claim(out, claim, buyer)
            self.number_and_price(out, claim)
            if claim.type == "warehouse_receipt":
                self.stored(out, claim)
        if self.now.type == "repayment":
            self.payer(out, claim)
        return out

    def claim(self, out, claim, buyer):
        key = claim.document.key
        asked = list(self.referring("financing_request", key))
        requested = sum(amount_of(one) * share for one, share in asked)
        lenders = {party(one, "financier") for one, _ in asked if party(one, "financier")}
        out["claim_age"] = signed_log(self.now.occurred_at_s / DAY_S - days(claim))
        out["financed_times"] = log1p(len(asked) - (self.now.type == "financing_request"))
        out["other_financier"] = float(len(lenders) > 1)
        if currency_of(self.now) in (None, currency_of(claim)):
            out["financed_vs_amount"] = log_ratio(requested, amount_of(claim))
        if claim.type != "invoice":
            return
        credited = sum(amount_of(one) * share for one, share in self.referring("credit_note", key))
        out["credited"] = capped(credited, amount_of(claim))
        order = self.arrived.get(self.order_key(claim))
        out["no_order"] = float(order is None)
        siblings = [one for one in self.new if one.type == "invoice" and self.order_key(one) == self.order_key(claim)]
        if order is not None:
            out["invoiced_after_order"] = signed_log(days(claim) - days(order))
            out["quantity_vs_order"] = log_ratio(quantity_of(claim), quantity_of(order))
            if currency_of(claim) == currency_of(order):
                of = amount_of(order)
                keys = {order.document.key, *(one.document.key for one in siblings)}
                of_order = sum(
                    a * s for k in keys for one, s in self.referring("financing_request", k) for a in [amount_of(one)]
                )
                out["invoiced_vs_order"] = log_ratio(sum(amount_of(one) for one in siblings), of)
                out["order_financed"] = log_ratio(of_order, of)
        self.shipment(out, claim, buyer, siblings)

    def shipment(self, out, claim, buyer, siblings):
        keys = {claim.document.key, self.order_key(claim)} - {None}
        found = [pair for key in keys for pair in self.referring("shipment", key)]
        dates = [days(one) for one, _ in found]
        shipped = sum(quantity_of(one) * share for one, share in found)
        invoiced = quantity_of(claim)
        if self.order_key(claim) is not None:
            invoiced = max(invoiced, sum(quantity_of(one) for one in siblings))
        elif not dates:
            loose = [
                one for one in self.events
                if one.type == "shipment" and not refs(one)
                and (party(one, "seller"), party(one, "buyer")) == (party(self.now, "seller"), buyer)
            ][-4:]  # fmt: skip
            dates = [
                days(one) for one in loose
                if dimension_of(one) == dimension_of(claim)
                and abs(quantity_of(one) - quantity_of(claim)) <= 0.02 * quantity_of(claim)
                and abs(days(one) - days(claim)) <= 30
            ]  # fmt: skip
            dates = sorted(dates, key=lambda day: abs(day - days(claim)))[:1]
            shipped = invoiced
        near = min((abs(day - days(claim)) for day in (min(dates), max(dates))), default=inf) if dates else inf
        out["no_shipment"] = float(near > 30)
        if dates:
            out["shipped_after_invoice"] = signed_log(min(dates) - days(claim))
            out["quantity_vs_shipment"] = log_ratio(invoiced, shipped)

    def seller(self, out):
        now, amount = self.now, amount_of(self.now)
        if now.type == "shipment" and not currency_of(now):
            return
        mine = [
            one for one in self.events
            if (party(one, "seller"), currency_of(one)) == (party(now, "seller"), currency_of(now))
            and (one.type != "shipment" or currency_of(one))
        ]  # fmt: skip
        at_s, first_s = newest(mine), min(one.occurred_at_s for one in mine)
        paid = [one for one in mine if amount_of(one) > 0]
        sold = [one for one in paid if self.is_sale(one)]
        before = [one for one in sold if one is not now]
        if amount > 0:
            out["amount_noughts"] = noughts(amount)
            if before:
                usual = total(before, SLOW, lambda one: noughts(amount_of(one)))
                out["noughts_vs_own"] = noughts(amount) - usual / total(before, SLOW, lambda _: 1)
        digits = [
            total([o for o in sold if str(int(amount_of(o)))[0] == str(d)], SLOW, lambda _: 1, at_s)
            for d in range(1, 10)
        ]
        benford = [log10(1 + 1 / d) for d in range(1, 10)]
        whole = 10 + sum(digits)
        out["benford_distance"] = sum(abs((n + 10 * p) / whole - p) for n, p in zip(digits, benford, strict=True)) / 2
        of = {
            kind: [one for one in paid if one.type == kind]
            for kind in ("invoice", "credit_note", "financing_request", "drawdown", "repayment")
        }
        out["dilution"] = capped(
            total(of["credit_note"], SLOW, amount_of, at_s), total(of["invoice"], SLOW, amount_of, at_s)
        )
        out["turnover_growth"] = growth(sold, at_s, first_s)
        out["financing_growth"] = growth(of["financing_request"], at_s, first_s)
        drawn = total(of["drawdown"], LOAN, amount_of, at_s) - total(of["repayment"], LOAN, amount_of, at_s)
        limit, latest = 0.0, -inf
        for one in mine:
            if one.type == "drawdown" and amount_of(one) > 0 and (one.occurred_at_s >= latest or limit == 0):
                limit = float(one.limit_minor)
            latest = max(latest, one.occurred_at_s)
        out["limit_use"] = capped(drawn + (amount if now.type == "financing_request" else 0), limit)
        if now.type == "repayment" and of["drawdown"]:
            out["since_drawdown"] = signed_log((now.occurred_at_s - newest(of["drawdown"])) / DAY_S)

    def number_and_price(self, out, claim):
        at = next(at for at, one in enumerate(self.new) if one is claim)
        series = [
            one.document_number
            for one in self.new[:at]
            if (one.type, party(one, one.issued_by)) == (claim.type, party(claim, claim.issued_by))
        ]
        digits = ["".join(c for c in number if c.isdigit()) for number in series]
        own = "".join(c for c in claim.document_number if c.isdigit())
        out["number_repeated"] = float(own in [one for one in digits if one][-16:])
        filled = [one for one in digits if one]
        if own and filled:
            out["number_gap"] = signed_log(float(own) - float(filled[-1]))
        found = self.price(claim)
        out |= found

    def price(self, claim):
        """Return how a claim's price compared when it arrived."""
        if id(claim) not in self.prices:
            self.prices[id(claim)] = self._price(claim)
        return self.prices[id(claim)]

    def _price(self, claim):
        if not priced(claim):
            return {}
        at = next(at for at, one in enumerate(self.new) if one is claim)
        alike = [one for one in self.new[:at] if self.is_sale(one) and priced(one) and code(one) == code(claim)]
        seen = [one for one in self.new[: at + 1] if priced(one) and code(one) == code(claim)]
        count = total(alike, SLOW, lambda _: 1, newest(seen))
        if count < 3:
            return {}
        mean = total(alike, SLOW, log_price, newest(seen)) / count
        variance = max(total(alike, SLOW, lambda one: log_price(one) ** 2, newest(seen)) / count - mean**2, 0)
        ratio = log_price(claim) - mean
        out = {"unit_price": ratio, "unit_price_deviation": ratio / ((count * variance + 0.04) / (count + 1)) ** 0.5}
        mine = [
            one
            for one in self.new[:at]
            if self.is_sale(one)
            and (party(one, "seller"), currency_of(one)) == (party(claim, "seller"), currency_of(claim))
        ]
        known = [(one, self.price(one)["unit_price"]) for one in mine if self.price(one)]
        if known:
            weights = [left(-one.occurred_at_s + known[0][0].occurred_at_s, SLOW) for one, _ in known]
            out["unit_price_vs_own"] = ratio - sum(w * r for w, (_, r) in zip(weights, known, strict=True)) / sum(
                weights
            )
        return out

    def pair(self, out, buyer):
        now, amount = self.now, amount_of(self.now)
        ours = []
        for one, claim in zip(self.events, self.claims, strict=True):
            bought = party(one, "buyer") or (claim is not None and party(claim, "buyer")) or None
            if (party(one, "seller"), bought) == (party(now, "seller"), buyer):
                ours.append(one)
        at_s = newest(ours)
        age_days = (now.occurred_at_s - min(one.occurred_at_s for one in ours)) / DAY_S
        out["buyer_new"], out["pair_age"] = float(age_days < 30), log1p(age_days)
        sold = [one for one in ours if self.is_sale(one) and amount_of(one) > 0]
        before = [one for one in sold if one is not now]
        if amount > 0 and before:
            out["amount_vs_pair"] = log(amount) - total(before, SLOW, lambda one: log(amount_of(one))) / total(
                before, SLOW, lambda _: 1
            )
        unshipped = 0
        for one in ours:
            unshipped = 0 if one.type == "shipment" else unshipped + (self.is_sale(one))
        out["pair_unshipped"] = log1p(unshipped)
        notes = [one for one in ours if one.type == "credit_note"]
        out["pair_credits"] = log1p(total(notes, SLOW, lambda _: 1, at_s))
        invoiced = total([one for one in ours if one.type == "invoice"], SLOW, amount_of, at_s)
        out["pair_dilution"] = capped(total(notes, SLOW, amount_of, at_s), invoiced)

    def stored(self, out, claim):
        same = [
            one
            for one in self.new
            if one.type == "warehouse_receipt"
            and (party(one, "warehouse"), one.lot) == (party(claim, "warehouse"), claim.lot)
        ]
        asked = sum(
            amount_of(one) * share
            for held in same
            for one, share in self.referring("financing_request", held.document.key)
        )
        out["lot_receipts"] = log1p(len(same) - 1)
        out["lot_pledged"] = log_ratio(asked, max((amount_of(one) for one in same if amount_of(one) > 0), default=0.0))
        there = [
            one
            for one in self.new
            if one.type == "warehouse_receipt"
            and (party(one, "warehouse"), one.location) == (party(claim, "warehouse"), claim.location)
        ]
        capacity, goods, shares, all_shares = 0.0, None, [], []
        for one in there:
            if quantity_of(one, "capacity") > 0:
                capacity, goods = quantity_of(one, "capacity"), one.goods_code
            if capacity > 0 and goods == one.goods_code:
                shares.append(quantity_of(one) / capacity)
                all_shares.append(shares[-1])
            else:
                all_shares.append(sum(shares) / len(shares) if shares else 0.0)
        if shares:
            at_s = max(newest(there), self.now.occurred_at_s)
            out["store_fill"] = sum(
                s * left(at_s - one.occurred_at_s, STORE) for s, one in zip(all_shares, there, strict=True)
            )

    def payer(self, out, claim):
        accounts = {}
        for one in self.events[:-1]:
            for role in ("seller", "buyer"):
                named = getattr(one, role, None)
                if named is not None and named.account:
                    accounts.setdefault(named.id, set()).add(named.account)
            payer = getattr(one, "payer", None)
            if payer is not None and payer.account and payer.id != one.seller.id:
                owned = accounts.get(one.seller.id, set())
                accounts.setdefault(payer.id, set()).update({payer.account} - owned)
                accounts = {firm: known for firm, known in accounts.items() if known}
        payer, seller = self.now.payer, self.now.seller
        if claim is not None and party(claim, "buyer"):
            out["payer_not_buyer"] = float(payer.id != party(claim, "buyer"))
        if payer.account and payer.id in accounts:
            out["payer_account_new"] = float(payer.account not in accounts[payer.id])
        if payer.account and seller.id in accounts:
            own = payer.account in accounts[seller.id] or payer.id == seller.id
            out["payer_account_of_seller"] = float(own)


def growth(events, at_s, first_s):
    fast, slow = (total(events, half, amount_of, at_s) for half in (FAST, SLOW))
    if not fast > 0 or not slow > 0:
        return nan
    lengths = [
        half * DAY_S / log(2) * -expm1(-log(2) * (at_s - first_s) / (half * DAY_S)) + DAY_S for half in (FAST, SLOW)
    ]
    return log(fast / lengths[0] / (slow / lengths[1]))
