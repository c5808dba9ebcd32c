"""How far a line believes each source of its labels: agreement with others, counted as a Beta distribution.

A source never vouches for itself, and one that nothing vouches for vouches for nobody: only
roots judge. Roots are the sources that the line file names or, where it names none, those
that labelled within a while of the line's first label. A source earns something where a root
says the same of an event *after* it did; an echo only speaks against distrust.
"""

from collections.abc import Iterable
from typing import Literal

Standing = Literal["named", "founder", "earned", "new", "distrusted"]
Verdict = Literal["fraud", "genuine"]

_HALF_LIFE_S = 90 * 86_400.0
_PRIOR = 1.0
# Both verdicts are earned apart: nearly all events are genuine, and saying so is cheap.
_EARNED_AGREEMENTS, _EARNED_SHARE = 8.0, 0.9
_KEPT_SHARE = 0.8
_LEAST_CONTRADICTIONS, _DISTRUSTED_SHARE = 3.0, 0.75
# One root may be the liar itself; a founder falls when two others contradict it.
_ROOTS_AGAINST_A_FOUNDER = 2
MOST_SOURCES = 256
"""Names are free text: those beyond share one, which stays new."""
OTHERS = "(other sources)"


class Agreement:
    """Decayed counts of how often a judge agreed with a source, was echoed by it, and contradicted it."""

    __slots__ = ("_at_s", "against", "agreed", "echoed")

    def __init__(self) -> None:
        """Start with none."""
        self.agreed = self.echoed = self.against = 0.0
        self._at_s = float("-inf")

    def count(self, at_s: float, *, agrees: bool, echo: bool) -> None:
        """Count one event at a time of the line, older counts halving every 90 days."""
        if at_s > self._at_s:
            kept = 2.0 ** ((self._at_s - at_s) / _HALF_LIFE_S)
            self.agreed, self.echoed, self.against = self.agreed * kept, self.echoed * kept, self.against * kept
            self._at_s = at_s
        if not agrees:
            self.against += 1.0
        elif echo:
            self.echoed += 1.0
        else:
            self.agreed += 1.0


def expected_share(agreed: float, against: float) -> float:
    """Return the mean of the Beta distribution over how often a source is right, from a flat prior."""
    return (agreed + _PRIOR) / (agreed + against + 2.0 * _PRIOR)


class SourceStanding:
    """The sources of one line and what roots said of them."""

    def __init__(self, named: Iterable[str], founding_s: float, refused: Iterable[str] = ()) -> None:
        """Start with the sources that the line file names.

        Args:
            named: They judge the others and are judged by nobody; may be none.
            refused: They are never believed.
            founding_s: Where none are named, sources that label within so many seconds of the
                line's first label are founders.
        """
        self._refused = frozenset(refused)
        self._named = frozenset(named) - self._refused
        self._founding_s = founding_s
        self._first_s: float | None = None
        self._standing: dict[tuple[str, Verdict], Standing] = {}
        self._sources: dict[str, None] = {}
        self._founders: set[str] = set()
        self._counts: dict[tuple[str, Verdict], dict[str, Agreement]] = {}

    def hear(self, source: str, at_s: float) -> str:
        """Take note that a source speaks, and return the name it goes by here."""
        if source in self._named or source in self._refused or source in self._sources:
            return source
        if len(self._sources) >= MOST_SOURCES:
            return OTHERS
        self._sources[source] = None
        if self._first_s is None:
            self._first_s = at_s
        if not self._named and at_s <= self._first_s + self._founding_s:
            self._founders.add(source)
        return source

    def compare(self, judge: str, source: str, verdict: Verdict, at_s: float, *, agrees: bool, echo: bool) -> bool:
        """Count what a root says of an event that a source called `verdict`; others are not heard.

        Args:
            judge: Who may be a root.
            source: Who is judged.
            verdict: The source's.
            at_s: The line's event time.
            agrees: Whether the judge says the same.
            echo: Whether the judge had said so before the source did.

        Returns:
            Whether the standing of the source changed.
        """
        if source in (judge, OTHERS) or not self.is_root(judge):
            return False
        counts = self._counts.setdefault((source, verdict), {})
        counts.setdefault(judge, Agreement()).count(at_s, agrees=agrees, echo=echo)
        before = self._standing.get((source, verdict), "new")
        self._standing[source, verdict] = now = self._judged(source, verdict, before)
        return now != before

    def is_root(self, source: str) -> bool:
        """Return whether a source judges others."""
        return source in self._named or (source in self._founders and not self._is_distrusted(source))

    def standing(self, source: str, verdict: Verdict) -> Standing:
        """Return how far a source is believed when it gives a verdict."""
        if source in self._named:
            return "named"
        if self._is_distrusted(source):
            return "distrusted"
        return "founder" if source in self._founders else self._standing.get((source, verdict), "new")

    def stands(self, source: str, verdict: Verdict) -> bool:
        """Return whether what a source says counts by itself."""
        return self.standing(source, verdict) in ("named", "founder", "earned")

    def weight(self, source: str, verdict: Verdict) -> float:
        """Return how often a source is right when it gives a verdict, as far as roots can tell; .5 if they cannot."""
        agreed, _, against = self._pooled(source, verdict)
        return expected_share(agreed, against)

    def counts(self) -> dict[Standing, int]:
        """Return how many sources have which standing, the better one of both verdicts."""
        order: tuple[Standing, ...] = ("named", "founder", "earned", "new", "distrusted")
        found = dict.fromkeys(order, 0)
        for source in {*self._named, *self._refused, *self._sources}:
            found[min((self.standing(source, one) for one in ("fraud", "genuine")), key=order.index)] += 1
        return found

    def _is_distrusted(self, source: str) -> bool:
        if source in self._refused:
            return True
        return any(self._standing.get((source, one)) == "distrusted" for one in ("fraud", "genuine"))

    def _pooled(self, source: str, verdict: Verdict) -> tuple[float, float, float]:
        judged = self._counts.get((source, verdict), {}).values()
        return sum(one.agreed for one in judged), sum(one.echoed for one in judged), sum(one.against for one in judged)

    def _judged(self, source: str, verdict: Verdict, before: Standing) -> Standing:
        if source in self._founders:
            judges = self._counts[source, verdict].values()
            contradicted = [one for one in judges if _is_contradicted(one.agreed + one.echoed, one.against)]
            return "distrusted" if len(contradicted) >= _ROOTS_AGAINST_A_FOUNDER else "new"
        agreed, echoed, against = self._pooled(source, verdict)
        if _is_contradicted(agreed + echoed, against):
            return "distrusted"
        share = expected_share(agreed, against)
        if before == "earned" and share >= _KEPT_SHARE:
            return "earned"
        return "earned" if agreed >= _EARNED_AGREEMENTS and share >= _EARNED_SHARE else "new"


def _is_contradicted(agreed: float, against: float) -> bool:
    return against >= _LEAST_CONTRADICTIONS and expected_share(agreed, against) < _DISTRUSTED_SHARE
