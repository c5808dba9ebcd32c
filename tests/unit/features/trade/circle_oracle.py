"""Partners and circles of trade as slow plain Python: every way back from the buyer is tried."""

from itertools import pairwise, permutations
from math import exp, inf, log

import numpy as np

from tests.unit.features.trade.document_reading import DAY_S, FLOW, amount_of, currency_of, left, party


class CircleOracle:
    def __init__(self, oracle, buyer):
        now = oracle.now
        self.seller, self.buyer, self.now_s = party(now, "seller"), buyer, now.occurred_at_s
        self.edges, self.at_s = {}, {}
        for one in oracle.sales:
            ends = party(one, "seller"), party(one, "buyer")
            if currency_of(one) == currency_of(now) and None not in ends and amount_of(one) > 0:
                self.edges.setdefault(ends, []).append(one)
                for end in ends:
                    self.at_s[end] = max(self.at_s.get(end, -inf), one.occurred_at_s)

    def flow(self, ends, node):
        stands = max(self.now_s, self.at_s[node])
        return sum(amount_of(one) * left(stands - one.occurred_at_s, FLOW) for one in self.edges[ends])

    def last(self, ends):
        days = [np.float32(one.occurred_at_s / DAY_S) for one in self.edges[ends]]
        return self.edges[ends][max(range(len(days)), key=lambda at: (days[at], at))]

    def features(self, claim):
        out = {}
        if self.buyer in self.at_s:
            out["buyer_sellers"] = float(len({source for source, sink in self.edges if sink == self.buyer}))
        flows = {ends[1]: self.flow(ends, ends[0]) for ends in self.edges if ends[0] == self.seller}
        if flows:
            shares = [value / sum(flows.values()) for value in flows.values()]
            out["pair_share"] = flows.get(self.buyer, 0.0) / sum(flows.values())
            out["buyers"] = exp(-sum(share * log(share) for share in shares))
        if claim is not None and amount_of(claim) > 0:
            out["circle_hops"] = out["circle_balance"] = out["circle_flow"] = 0.0
            if found := [self.told(ways, amount_of(claim)) for ways in self.circles()]:
                best = max(found)[0]
                hops = {one[1] for one in found if one[0] > best * (1 - 1e-6)}
                out["circle_balance"], out["circle_flow"] = best, max(one[2] for one in found)
                # Which of two equally balanced circles is told depends on where edges stand.
                out["circle_hops"] = float(hops.pop()) if len(hops) == 1 else None
        return out

    def circles(self):
        if self.seller == self.buyer or not {self.seller, self.buyer} <= set(self.at_s):
            return
        firms = set(self.at_s) - {self.seller, self.buyer}
        for middle in (chosen for between in range(3) for chosen in permutations(firms, between)):
            ways = list(pairwise([self.buyer, *middle, self.seller]))
            if all(way in self.edges and self.is_near(way) for way in ways):
                yield ways

    def is_near(self, way):
        return abs(self.now_s - self.last(way).occurred_at_s) / DAY_S <= 60

    def told(self, ways, amount):
        sales = [amount, *(amount_of(self.last(way)) for way in ways)]
        # The last of two ways or three is read off the edges into the seller.
        nodes = [source for source, _ in ways[:-1]] + [ways[-1][1 if len(ways) > 1 else 0]]
        first = self.seller, self.buyer
        own = self.flow(first, self.seller) if first in self.edges else amount
        sums = [own, *(self.flow(way, node) for way, node in zip(ways, nodes, strict=True))]
        return min(sales) / max(sales), len(ways) + 1, min(sums) / max(sums)
