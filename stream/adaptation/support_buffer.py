"""What one line can learn from: recent frauds, labelled genuine events and background.

A fold over `labelled-examples` in their order, so reading the topic again gives the
same buffer. A fixed share of what is learnt is held back for the gate and never taught.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal

import numpy as np
import numpy.typing as npt

from stream.adaptation.event_hash import unit_hash
from stream.adaptation.labelled_example import LabelledExample

Rows = npt.NDArray[np.float32]
Learnt = Literal["fraud", "genuine"]

# With fewer frauds the line needs every one of them for its support.
LEAST_FRAUDS_TO_RESERVE = 4
# Below so many background rows past the label delay, younger ones stand in: a line's
# unlabelled events are nearly all genuine, and no negatives at all would teach nothing.
LEAST_PRESUMED_GENUINE = 256
_PRIOR_EVENTS = 1_000.0


@dataclass(frozen=True, slots=True)
class Held:
    """One example of the buffer.

    Attributes:
        features: The row, float32.
        learnt_at: How many examples of the line had been folded, this one included.
        learnt_at_s: The line's event time by then.
        reserved: Whether it is the gate's alone.
        stands: Whether a source that stands vouches for the label; others judge nothing.
    """

    example: LabelledExample
    learnt_at: int
    learnt_at_s: float
    reserved: bool
    stands: bool = True


@dataclass(frozen=True, slots=True)
class BufferLimits:
    """How much is kept: frauds, genuine rows (labelled and presumed), and the gate's share."""

    frauds: int
    genuine: int
    gate_share: float
    label_delay_s: float


class _Labelled:
    """Labels of one kind in order of their learning, counted as they come and go."""

    def __init__(self) -> None:
        self.held: dict[str, Held] = {}
        self.taught = 0
        self._of_source: Counter[str] = Counter()
        self._taught_lately: dict[str, int] = {}

    def put(self, held: Held) -> None:
        """Take one whose event is not held."""
        self.held[held.example.event_id] = held
        self._of_source[held.example.source] += 1
        if not held.reserved:
            self.taught += 1
            self._taught_lately[held.example.event_id] = held.learnt_at

    def take(self, event_id: str) -> Held:
        """Give one back."""
        held = self.held.pop(event_id)
        self._of_source[held.example.source] -= 1
        if not self._of_source[held.example.source]:
            del self._of_source[held.example.source]
        self.taught -= not held.reserved
        self._taught_lately.pop(event_id, None)
        return held

    def since(self, folded: int) -> int:
        """Return how many were learnt after the `folded`-th example, the gate's aside; it never asks further back."""
        while self._taught_lately and next(iter(self._taught_lately.values())) <= folded:
            del self._taught_lately[next(iter(self._taught_lately))]
        return len(self._taught_lately)

    def trim(self, most: int) -> None:
        """Drop what is too many: who floods drives out his own, of the source with the most the oldest goes."""
        while len(self.held) > most:
            most_of_one = max(self._of_source.values())
            oldest = (
                event_id for event_id, held in self.held.items() if self._of_source[held.example.source] == most_of_one
            )
            self.take(next(oldest))


class SupportBuffer:
    """The examples of one line, each event once, the oldest dropped past the limits."""

    def __init__(self, limits: BufferLimits, feature_hash: str) -> None:
        """Start empty; examples of another feature specification are passed over."""
        self._limits = limits
        self._feature_hash = feature_hash
        self._labelled = {"fraud": _Labelled(), "genuine": _Labelled()}
        self._background: dict[str, Held] = {}
        self._frauds_learnt = 0
        self.folded = 0
        self.watermark_s = float("-inf")
        self._changes: list[int] = []

    def fold(self, example: LabelledExample) -> None:
        """Take one example; the last word on an event stands."""
        self.observe(example)
        self.place(example)

    def observe(self, example: LabelledExample) -> None:
        """Count one example and move the line's event time."""
        self.folded += 1
        if example.feature_hash == self._feature_hash:
            self.watermark_s = max(self.watermark_s, example.occurred_at_s)

    def place(self, example: LabelledExample, *, stands: bool = True) -> None:
        """Put an example in its place, or take one out; of the examples observed, those that teach.

        Args:
            example: A label, its withdrawal or background.
            stands: Whether a source that stands vouches for the label.
        """
        if example.feature_hash != self._feature_hash:
            return
        if example.kind == "background":
            self._fold_background(example)
        else:
            self._fold_label(example, stands=stands)

    def frauds(self, *, reserved: bool = False) -> list[Held]:
        """Return frauds in order of their learning, the gate's or the rest."""
        return [held for held in self._labelled["fraud"].held.values() if held.reserved == reserved]

    def genuine(self, *, reserved: bool = False) -> list[Held]:
        """Return events labelled genuine, in order of their learning."""
        return [held for held in self._labelled["genuine"].held.values() if held.reserved == reserved]

    def background(self, *, reserved: bool = False) -> list[Held]:
        """Return sampled events without a label, of any age, oldest first."""
        return [held for held in self._background.values() if held.reserved == reserved]

    def label_counts(self) -> dict[str, int]:
        """Return how many labels of each kind are held, the gate's included."""
        return {kind: len(labelled.held) for kind, labelled in self._labelled.items()}

    def taught_count(self, kind: Learnt) -> int:
        """Return how many labels of a kind are held, the gate's aside."""
        return self._labelled[kind].taught

    def frauds_since(self, folded: int) -> int:
        """Return how many of the frauds held were learnt after the `folded`-th example, the gate's aside."""
        return self._labelled["fraud"].since(folded)

    def background_count(self) -> int:
        """Return how many events without a label are held."""
        return len(self._background)

    def changes_since(self, folded: int) -> int:
        """Return how many labels came or went after the `folded`-th example, the gate's aside."""
        del self._changes[: bisect_right(self._changes, folded)]
        return len(self._changes)

    def events(self) -> float:
        """Return how many events without a label the held ones were sampled from."""
        return sum(1.0 / held.example.share for held in self._background.values())

    def prevalence(self) -> float:
        """Return the line's share of frauds, a thin memory pulled towards one in a thousand."""
        oldest_s = min((held.example.occurred_at_s for held in self._background.values()), default=0.0)
        frauds = sum(held.example.occurred_at_s >= oldest_s for held in self._labelled["fraud"].held.values())
        return (frauds + 1.0) / (frauds + self.events() + _PRIOR_EVENTS)

    def presumed_genuine(self, *, reserved: bool = False) -> list[Held]:
        """Return background whose label would have come by now; younger where that is too little."""
        oldest_open_s = self.watermark_s - self._limits.label_delay_s
        rows = self.background(reserved=reserved)
        past = [held for held in rows if held.example.occurred_at_s < oldest_open_s]
        least = LEAST_PRESUMED_GENUINE * (self._limits.gate_share if reserved else 1.0)
        return past if len(past) >= least else rows

    def _fold_background(self, example: LabelledExample) -> None:
        if any(example.event_id in labelled.held for labelled in self._labelled.values()):
            return
        reserved = self._is_drawn(example)
        self._background[example.event_id] = self._held(example, reserved=reserved)
        # Labelled genuine rows and the gate's share come on top of what a support takes.
        _trim(self._background, 2 * self._limits.genuine)

    def _fold_label(self, example: LabelledExample, *, stands: bool) -> None:
        known = self._forget(example.event_id)
        if example.kind in ("fraud", "genuine"):
            self._learn(example, known, stands=stands)
        elif known is not None and not known.reserved:
            self._changes.append(self.folded)

    def _learn(self, example: LabelledExample, known: Held | None, *, stands: bool) -> None:
        kind: Learnt = "fraud" if example.kind == "fraud" else "genuine"
        # A label keeps its side when it flips, or the gate would judge on taught rows.
        may_reserve = self._frauds_learnt >= LEAST_FRAUDS_TO_RESERVE
        reserved = known.reserved if known else may_reserve and self._is_drawn(example)
        if reserved and not stands:
            return
        self._labelled[kind].put(self._held(example, reserved=reserved, stands=stands))
        self._frauds_learnt += kind == "fraud"
        self._labelled[kind].trim(self._limits.frauds if kind == "fraud" else self._limits.genuine)
        if not reserved:
            self._changes.append(self.folded)

    def _held(self, example: LabelledExample, *, reserved: bool, stands: bool = True) -> Held:
        return Held(example, self.folded, self.watermark_s, reserved, stands)

    def _forget(self, event_id: str) -> Held | None:
        self._background.pop(event_id, None)
        for labelled in self._labelled.values():
            if event_id in labelled.held:
                return labelled.take(event_id)
        return None

    def _is_drawn(self, example: LabelledExample) -> bool:
        return unit_hash(b"gate", example.line, example.event_id) < self._limits.gate_share


def rows_of(held: Iterable[Held], width: int) -> Rows:
    """Return the feature rows [n, width] of examples, in their order."""
    joined = b"".join(one.example.features for one in held)
    return np.frombuffer(joined, "<f4").reshape(-1, width)


def sample_recent(held: list[Held], count: int, half_life_s: float, generator: np.random.Generator) -> list[Held]:
    """Draw at most `count` without replacement, an event's weight halving with its age.

    Efraimidis and Spirakis, "Weighted random sampling with a reservoir", 2006: the
    largest keys u^(1/w) are such a sample.

    Args:
        held: Examples to draw from.
        count: The most to return; all are returned where there are no more.
        half_life_s: Age in event time at which the weight is a half.
        generator: Source of chance; the same seed gives the same draw.
    """
    if len(held) <= count:
        return held
    occurred_at_s = np.array([one.example.occurred_at_s for one in held])
    age = (occurred_at_s.max() - occurred_at_s) / half_life_s
    log_keys = np.log(generator.random(len(held))) * np.exp2(np.minimum(age, 60.0))
    chosen = np.sort(np.argpartition(log_keys, -count)[-count:])
    return [held[row] for row in chosen]


def _trim(kept: dict[str, Held], most: int) -> None:
    for event_id in _oldest(kept, len(kept) - most):
        del kept[event_id]


def _oldest(kept: dict[str, Held], count: int) -> list[str]:
    names: Iterator[str] = iter(kept)
    return list(islice(names, max(count, 0)))
