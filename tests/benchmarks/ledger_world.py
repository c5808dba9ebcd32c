"""Simulated documents that are financed once, again in every way we know, and again legally; each knows its origin."""

import random
import string
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from stream.events.supply_chain.party import Party
from stream.ledger.claim import Claim, Kind

DAY_S = 86_400.0
START = date(2024, 1, 1)
START_S = 19_723 * DAY_S
DAYS = 360
_FORMS = ("Ltd", "GmbH", "S.A.", "LLC", "S.p.A.", "Sp. z o.o.", "AG", "B.V.", "Inc.")
_ENDS = ("Trade", "Steel", "Foods", "Logistics", "Textil", "Chemie", "Group", "Works", "Metall", "Export")
_CYRILLIC = "бвгдзклмнпрстфхцчшщжюяиоауе"
# Four ways of writing Cyrillic: passports, scholars, German newspapers, French ones.
_WAYS = [
    dict(zip("абвгдежзийклмнопрстуфхцчшщыьюя", way.split(), strict=True))
    for way in (
        "a b v g d e zh z i i k l m n o p r s t u f kh ts ch sh shch y ' iu ia",
        "a b v g d e ž z i j k l m n o p r s t u f h c č š šč y ' ju ja",
        "a b w g d e sch s i j k l m n o p r s t u f ch z tsch sch schtsch y ' ju ja",
        "a b v g d e j z i i k l m n o p r s t ou f kh ts tch ch chtch y ' iou ia",
    )
]


@dataclass(frozen=True, slots=True)
class Simulated:
    """A claim with what is known of it.

    Attributes:
        claim: What is seen.
        origin: Number of the document that it is in truth.
        kind: `first`, the kind of edit, or `legal:` and why.
    """

    claim: Claim
    origin: int
    kind: str


class World:
    """Sellers with their buyers, ways of numbering and habits."""

    def __init__(self, seed: int, sellers: int) -> None:
        """Make so many sellers."""
        self.chance = random.Random(seed)
        self.names = [self._name(at % 5 == 0) for at in range(sellers)]
        self.buyers = [Party(id=f"B{at}", name=self._name(False)) for at in range(max(sellers // 4, 10))]
        self.sellers = [Party(id=f"S{at}", name=name) for at, name in enumerate(self.names)]
        self.counts = [self.chance.randrange(1, 20_000) for _ in range(sellers)]
        self.schemes = [self.chance.randrange(6) for _ in range(sellers)]
        self.customers = [self.chance.sample(self.buyers, self.chance.randrange(1, 6)) for _ in range(sellers)]
        # A contract: the same amount each time.
        self.fixed = {at: self._amount() for at in range(7, sellers, 12)}
        self.terms = [self.chance.choice((30, 45, 60, 90)) for _ in range(sellers)]
        self.billed: dict[tuple[int, str], date] = {}

    def documents(self, count: int, edits: int) -> Iterator[Simulated]:
        """Yield `count` documents in order of time, `edits` of each kind among them."""
        kinds = [kind for kind in EDITS for _ in range(edits)]
        legal = [kind for kind in LEGAL for _ in range(edits)]
        chosen = self.chance.sample(range(count // 20, count), len(kinds) + len(legal))
        plan = dict(zip(chosen, kinds + legal, strict=True))
        recent: list[Simulated] = []
        at = 0
        while at < count:
            day = at * DAYS // count
            if at in plan:
                source = recent.pop(self.chance.randrange(len(recent)))
                made = self._again(plan[at], source, at, day)
            else:
                made = [self._first(at, day, at)]
                # Twins, and now and then three: so many deliveries, so many invoices, one after another.
                kin = self.chance.choices((0, 1, 2), (0.9979, 0.002, 0.0001))[0]
                made += [self._twin(made[0], at + 1 + place) for place in range(kin)]
                recent.append(made[0])
                if len(recent) > count // 20:
                    recent = recent[len(recent) // 2 :]
            yield from made
            at += len(made)

    def _first(self, at: int, day: int, origin: int) -> Simulated:
        seller = min(int(self.chance.paretovariate(0.6)) - 1, 10**9) % len(self.sellers)
        if self.chance.random() < 0.8:
            seller = self.chance.randrange(len(self.sellers))
        today = START + timedelta(days=day)
        issue = today - timedelta(days=self.chance.randrange(10))
        buyer = self.chance.choice(self.customers[seller])
        fixed = self.fixed.get(seller)
        if fixed is not None:  # billed at most once a week
            if (issue - self.billed.get((seller, buyer.id), START)).days < 7:
                fixed = None
            else:
                self.billed[seller, buyer.id] = issue
        claim = Claim(
            event_id=f"fr-{at:09d}",
            position=0,
            occurred_at_s=START_S + (day + self.chance.random()) * DAY_S,
            kind=Kind.REQUEST,
            financier=f"F{self.chance.randrange(40)}",
            type="invoice",
            number=self._number(seller, today),
            seller=self.sellers[seller],
            buyer=buyer,
            currency=self.chance.choice(("EUR", "USD", "GBP")),
            amount_minor=self._amount() if fixed is None else fixed,
            issue_date=issue,
            due_date=issue + timedelta(days=self.terms[seller]),
        )
        return Simulated(claim, origin, "first")

    def _twin(self, first: Simulated, at: int) -> Simulated:
        seller = int(first.claim.seller.id[1:])
        number = self._number(seller, START + timedelta(days=int((first.claim.occurred_at_s - START_S) // DAY_S)))
        return Simulated(replace(first.claim, event_id=f"fr-{at:09d}", number=number), at, "first")

    def _again(self, kind: str, source: Simulated, at: int, day: int) -> list[Simulated]:
        later_s = max(START_S + (day + self.chance.random()) * DAY_S, source.claim.occurred_at_s + 1.0)
        other = f"F{40 + self.chance.randrange(40)}"
        claim = replace(source.claim, event_id=f"fr-{at:09d}", occurred_at_s=later_s, financier=other)
        made = EDITS[kind](self.chance, claim) if kind in EDITS else LEGAL[kind](self.chance, claim, source.claim)
        origin = source.origin if source.kind == "first" else at
        return [
            Simulated(one if one.event_id == source.claim.event_id else replace(one, event_id=f"fr-{at + place:09d}"),
                      origin, kind)
            for place, one in enumerate(made)
        ]  # fmt: skip

    def _name(self, cyrillic: bool) -> str:
        if cyrillic:
            words = ["".join(self.chance.choice(_CYRILLIC) for _ in range(self.chance.randrange(6, 11))) for _ in "ab"]
            return " ".join(word.capitalize() for word in words)
        stem = "".join(self.chance.choice("bcdfglmnprstvz") + self.chance.choice("aeiou") for _ in range(4))
        return f"{stem.capitalize()} {self.chance.choice(_ENDS)} {self.chance.choice(_FORMS)}"

    def _amount(self) -> int:
        amount = int(self.chance.lognormvariate(14.5, 1.3))
        return max(amount // 100_000, 1) * 100_000 if self.chance.random() < 0.2 else amount

    def _number(self, seller: int, day: date) -> str:
        self.counts[seller] += 1
        count = self.counts[seller]
        return (
            f"INV-{count:06d}", f"{day.year}/{count:05d}", f"RE{day.year}{count:05d}", f"{count}",
            f"F-{count}/{day.year % 100}", f"SI {count:07d}",
        )[self.schemes[seller]]  # fmt: skip


def _place(chance: random.Random, number: str) -> int:
    return chance.choice([at for at, letter in enumerate(number) if letter.isalnum()])


def _other(chance: random.Random, letter: str) -> str:
    letters = string.digits if letter.isdigit() else string.ascii_uppercase
    return chance.choice([one for one in letters if one != letter.upper()])


def substitute(chance: random.Random, claim: Claim) -> list[Claim]:
    at = _place(chance, claim.number)
    return [replace(claim, number=claim.number[:at] + _other(chance, claim.number[at]) + claim.number[at + 1 :])]


def drop(chance: random.Random, claim: Claim) -> list[Claim]:
    at = _place(chance, claim.number)
    return [replace(claim, number=claim.number[:at] + claim.number[at + 1 :])]


def insert(chance: random.Random, claim: Claim) -> list[Claim]:
    at = _place(chance, claim.number)
    return [replace(claim, number=claim.number[:at] + chance.choice(string.digits) + claim.number[at:])]


def transpose(chance: random.Random, claim: Claim) -> list[Claim]:
    number = claim.number
    places = [
        at for at in range(len(number) - 1)
        if number[at] != number[at + 1] and number[at].isalnum() and number[at + 1].isalnum()
    ]  # fmt: skip
    if not places:
        return substitute(chance, claim)
    at = chance.choice(places)
    return [replace(claim, number=number[:at] + number[at + 1] + number[at] + number[at + 2 :])]


def rewrite(chance: random.Random, claim: Claim) -> list[Claim]:
    number = "".join(letter for letter in claim.number.lower() if letter.isalnum())
    words = (claim.seller.name or "").upper().split()
    name = " ".join([*words[:2], chance.choice(_FORMS)])
    return [replace(claim, number=f" {number}.", seller=Party(id=claim.seller.id + "x", name=name))]


def shift(chance: random.Random, claim: Claim) -> list[Claim]:
    assert claim.issue_date is not None
    assert claim.due_date is not None
    days = timedelta(days=chance.choice((-1, 1)) * chance.randrange(1, 46))
    return [replace(claim, issue_date=claim.issue_date + days, due_date=claim.due_date + days)]


def postpone(chance: random.Random, claim: Claim) -> list[Claim]:
    assert claim.due_date is not None
    return [replace(claim, due_date=claim.due_date + timedelta(days=chance.randrange(1, 91)))]


def round_amount(chance: random.Random, claim: Claim) -> list[Claim]:
    assert claim.amount_minor is not None
    unit = 10 ** (len(str(claim.amount_minor)) - chance.randrange(1, 3))
    return [replace(claim, amount_minor=max(claim.amount_minor // unit, 1) * unit + chance.choice((0, unit)))]


def split(chance: random.Random, claim: Claim) -> list[Claim]:
    assert claim.amount_minor is not None
    part = int(claim.amount_minor * chance.uniform(0.3, 0.7))
    return [replace(claim, amount_minor=amount) for amount in (part, claim.amount_minor - part)]


def split_apart(chance: random.Random, claim: Claim) -> list[Claim]:
    first, second = split(chance, claim)
    ends = chance.choice((("A", "B"), ("/1", "/2"), ("-01", "-02")))
    return [replace(one, number=one.number + end) for one, end in zip((first, second), ends, strict=True)]


def swap(_: random.Random, claim: Claim) -> list[Claim]:
    return [replace(claim, seller=claim.buyer, buyer=claim.seller)]


def transliterate(chance: random.Random, claim: Claim) -> list[Claim]:
    way = chance.choice(_WAYS)
    name = "".join(way.get(letter, letter) for letter in (claim.seller.name or "").lower()).title()
    return [replace(claim, seller=Party(id=f"T-{claim.seller.id}", name=f"{name} {chance.choice(_FORMS)}"))]


def other_buyer(chance: random.Random, claim: Claim) -> list[Claim]:
    return [replace(claim, buyer=Party(id=f"X{chance.random()}", name=f"Shell {chance.randrange(10**6)} Holding"))]


def renumber(chance: random.Random, claim: Claim) -> list[Claim]:
    return [replace(claim, number=f"{chance.randrange(10**5, 10**6)}")]


EDITS = {
    "exact": lambda _, claim: [claim],
    "exact, written otherwise": rewrite,
    "number: one character replaced": substitute,
    "number: one character left out": drop,
    "number: one digit put in": insert,
    "number: two characters swapped": transpose,
    "days shifted by up to 45": shift,
    "payment put off by up to 90 days": postpone,
    "amount rounded": round_amount,
    "amount split, number kept": split,
    "amount split, numbers extended": split_apart,
    "parties swapped": swap,
    "name transliterated, other identifier": transliterate,
    "buyer replaced": other_buyer,
    "number replaced": renumber,
}


def instalments(chance: random.Random, claim: Claim, first: Claim) -> list[Claim]:
    """Another document, asked for in three parts."""
    del first
    assert claim.amount_minor is not None
    number, amount = f"{chance.randrange(10**8)}-P", claim.amount_minor + chance.randrange(10**6)
    parts = [amount // 3] * 2 + [amount - 2 * (amount // 3)]
    claim = replace(claim, number=number, amount_minor=amount)
    return [replace(claim, part_minor=part, occurred_at_s=claim.occurred_at_s + at)
            for at, part in enumerate(parts)]  # fmt: skip


def syndicate(chance: random.Random, claim: Claim, first: Claim) -> list[Claim]:
    parts = instalments(chance, claim, first)
    return [replace(one, financier=f"F{at}") for at, one in enumerate(parts)]


def reissued(_: random.Random, claim: Claim, first: Claim) -> list[Claim]:
    note = replace(first, kind=Kind.CANCELLATION, financier="", occurred_at_s=claim.occurred_at_s,
                   issue_date=None, due_date=None)  # fmt: skip
    return [replace(note, event_id="cn"), replace(claim, occurred_at_s=claim.occurred_at_s + 1.0)]


def sent_again(_: random.Random, claim: Claim, first: Claim) -> list[Claim]:
    del claim
    return [first]


def assigned(_: random.Random, claim: Claim, first: Claim) -> list[Claim]:
    return [replace(claim, kind=Kind.ASSIGNMENT, financier=first.financier)]


LEGAL = {
    "legal: instalments": instalments,
    "legal: syndicate": syndicate,
    "legal: cancelled and issued again": reissued,
    "legal: sent again": sent_again,
    "legal: assigned to who was asked": assigned,
}
