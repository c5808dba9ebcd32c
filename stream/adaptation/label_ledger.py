"""Which labels of a line teach: what every source said of an event, and how far each is believed.

A fold over the line's labels in their order, so that reading `labelled-examples` again
gives the same ledger, and no order of the sources' names matters.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Literal, NamedTuple

import msgspec

from stream.adaptation.labelled_example import LabelledExample
from stream.adaptation.rate_limit import RateLimit
from stream.adaptation.source_standing import SourceStanding, Standing, Verdict

Reason = Literal["rate_limit", "new_source", "contradicted", "distrusted"]

# Sides whose weights are closer than this count as equal: then the newest word stands.
_EQUAL = 0.5
_LEAST_OF_NEW_SOURCES = 1.0
# The name under which they share an allowance; no source has it.
_NEW_SOURCES = ""


@dataclass(frozen=True, slots=True)
class LedgerPolicy:
    """What a line lets its sources do.

    Attributes:
        named: Sources that judge the others; where none are named, the line's first ones.
        founding_s: How long after the line's first label sources are its first ones.
        labels_per_day: Most labels of one source and one verdict that are heard in a day of event
            time; new sources have one such allowance together. A source may always correct itself.
        new_share: Labels that rest on new sources alone, at most this share of the others.
        most_frauds: Frauds that a buffer holds.
        most_genuine: Labelled genuine events that a buffer holds.
        most_events: Events of which is remembered who said what.
        refused: Sources that teach nothing.
    """

    named: tuple[str, ...]
    founding_s: float
    labels_per_day: float
    new_share: float
    most_frauds: int
    most_genuine: int
    most_events: int
    refused: tuple[str, ...] = ()


class Ruling(NamedTuple):
    """What an event is to be held for from now on.

    Attributes:
        example: As it is to be learnt; `withdrawn` takes back what was learnt.
        stands: Whether a source that stands says so; the gate judges by no other labels.
    """

    example: LabelledExample
    stands: bool


@dataclass(frozen=True, slots=True)
class Withheld:
    """A label that does not teach.

    Attributes:
        source: Who gave it.
        reason: Why it does not.
        count: How many labels of this source did not for this reason by now.
        standing: How far the source was believed.
        weight: How often it is right, as far as other sources can tell.
    """

    source: str
    reason: Reason
    count: int
    standing: Standing
    weight: float
    event_id: str


class _Word(NamedTuple):
    verdict: Verdict
    said: int
    example: LabelledExample


class LabelLedger:
    """The words of a line's sources, and what follows from them."""

    def __init__(self, policy: LedgerPolicy) -> None:
        """Start without labels."""
        self._policy = policy
        self.sources = SourceStanding(policy.named, policy.founding_s, policy.refused)
        self._words: dict[str, dict[str, _Word]] = {}
        self._ruled: dict[str, Ruling] = {}
        self._held: Counter[tuple[str, bool]] = Counter()
        self._said = 0
        self._limits: dict[tuple[str, Verdict], RateLimit] = {}
        self.withheld: Counter[tuple[str, Reason]] = Counter()

    def take(self, example: LabelledExample, at_s: float) -> tuple[list[Ruling], list[Withheld]]:
        """Hear one label or the withdrawal of one.

        Args:
            example: A label; background has no place here.
            at_s: The line's event time.

        Returns:
            What is to be learnt or forgotten, and whether the label itself does not teach.
        """
        source = self.sources.hear(example.source, at_s)
        words = self._words.get(example.event_id, {})
        known = words.get(source)
        if example.kind == "withdrawn":
            return (self._withdraw(example, source) if known is not None else self._forget(example, source)), []
        verdict: Verdict = "fraud" if example.kind == "fraud" else "genuine"
        if known is not None and (known.verdict == verdict or example.labelled_at_s < known.example.labelled_at_s):
            return [], []
        if self.sources.standing(source, verdict) == "distrusted":
            return [], [self._withhold(source, verdict, "distrusted", example)]
        if known is None and not self._limit(source, verdict).take(at_s):
            return [], [self._withhold(source, verdict, "rate_limit", example)]
        self._said += 1
        self._put(example.event_id, source, _Word(verdict, self._said, example))
        rulings = self._settle(example.event_id, self._compare(example.event_id, source, at_s))
        return rulings, self._not_taught(example, source, verdict)

    def _limit(self, source: str, verdict: Verdict) -> RateLimit:
        # Names cost nothing: new sources share one allowance, however many they are.
        name = source if self.sources.stands(source, verdict) else _NEW_SOURCES
        return self._limits.setdefault((name, verdict), RateLimit(self._policy.labels_per_day))

    def _put(self, event_id: str, source: str, word: _Word) -> None:
        self._words.setdefault(event_id, {})[source] = word
        while len(self._words) > self._policy.most_events:
            oldest = next(iter(self._words))
            del self._words[oldest]
            self._rule(oldest, None)

    def _withdraw(self, example: LabelledExample, source: str) -> list[Ruling]:
        words = self._words[example.event_id]
        if example.labelled_at_s < words[source].example.labelled_at_s:
            return []
        del words[source]
        if words:
            return self._settle(example.event_id, set())
        del self._words[example.event_id]
        ruled = self._rule(example.event_id, None)
        return [] if ruled is None else [Ruling(example, ruled.stands)]

    def _forget(self, example: LabelledExample, source: str) -> list[Ruling]:
        # The buffer may hold longer than it is remembered here who said what.
        stands = any(self.sources.stands(source, verdict) for verdict in ("fraud", "genuine"))
        return [Ruling(example, True)] if stands and example.event_id not in self._words else []

    def _compare(self, event_id: str, speaker: str, at_s: float) -> set[str]:
        """Let roots' words on an event speak for and against the other sources; return whose standing changed."""
        words = self._words[event_id]
        own = words[speaker].verdict
        changed = set()
        for source, word in words.items():
            agrees = word.verdict == own
            if self.sources.compare(speaker, source, word.verdict, at_s, agrees=agrees, echo=False):
                changed.add(source)
            if self.sources.compare(source, speaker, own, at_s, agrees=agrees, echo=agrees):
                changed.add(speaker)
        return changed

    def _settle(self, event_id: str, changed: set[str]) -> list[Ruling]:
        again = [other for other, words in self._words.items() if changed & words.keys()] if changed else []
        return [made for one in dict.fromkeys([event_id, *again]) if (made := self._decide(one)) is not None]

    def _decide(self, event_id: str) -> Ruling | None:
        before = self._ruled.get(event_id)
        found = self._verdict(self._words[event_id], before)
        if found is None:
            if self._rule(event_id, None) is None:
                return None
            assert before is not None  # noqa: S101 - it was ruled
            return Ruling(msgspec.structs.replace(before.example, kind="withdrawn"), before.stands)
        if before is not None and (before.example.kind, before.stands) == (found.example.kind, found.stands):
            return None
        self._rule(event_id, found)
        return found

    def _verdict(self, words: dict[str, _Word], before: Ruling | None) -> Ruling | None:
        standing = {name: word for name, word in words.items() if self.sources.stands(name, word.verdict)}
        if standing:
            return Ruling(self._heaviest(standing).example, True)
        new = [word for name, word in words.items() if self.sources.standing(name, word.verdict) == "new"]
        if not new:
            return None
        newest = max(new, key=lambda word: (word.example.labelled_at_s, word.said))
        taught = before is not None and not before.stands and before.example.kind == newest.verdict
        return Ruling(newest.example, False) if taught or self._has_room(newest.verdict) else None

    def _heaviest(self, words: dict[str, _Word]) -> _Word:
        weight = dict.fromkeys(("fraud", "genuine"), 0.0)
        for name, word in words.items():
            weight[word.verdict] += self.sources.weight(name, word.verdict)
        lead = weight["fraud"] - weight["genuine"]
        side = [word for word in words.values() if abs(lead) < _EQUAL or (word.verdict == "fraud") == (lead > 0)]
        return max(side, key=lambda word: (word.example.labelled_at_s, word.said))

    def _has_room(self, verdict: Verdict) -> bool:
        most = self._policy.most_frauds if verdict == "fraud" else self._policy.most_genuine
        stand = min(self._held[verdict, True], most)
        return self._held[verdict, False] + 1 <= max(_LEAST_OF_NEW_SOURCES, self._policy.new_share * stand)

    def _rule(self, event_id: str, ruling: Ruling | None) -> Ruling | None:
        former = self._ruled.pop(event_id, None)
        if former is not None:
            self._held[former.example.kind, former.stands] -= 1
        if ruling is not None:
            self._ruled[event_id] = ruling
            self._held[ruling.example.kind, ruling.stands] += 1
        return former

    def _not_taught(self, example: LabelledExample, source: str, verdict: Verdict) -> list[Withheld]:
        ruled = self._ruled.get(example.event_id)
        if ruled is not None and ruled.example.kind == example.kind:
            return []
        return [self._withhold(source, verdict, "new_source" if ruled is None else "contradicted", example)]

    def _withhold(self, source: str, verdict: Verdict, reason: Reason, example: LabelledExample) -> Withheld:
        self.withheld[source, reason] += 1
        return Withheld(
            source,
            reason,
            self.withheld[source, reason],
            self.sources.standing(source, verdict),
            self.sources.weight(source, verdict),
            example.event_id,
        )
