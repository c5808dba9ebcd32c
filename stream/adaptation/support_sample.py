"""Draws a support set from a line's buffer: balanced between labels, recent, repeatable."""

from collections import Counter
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from stream.adaptation.support_buffer import Held, Rows, SupportBuffer, rows_of, sample_recent

_RECENT_HALF_LIFE_S = 30 * 86_400.0
# Labelled genuine events are the line's hard ones, but too few to stand for all of it.
_MOST_LABELLED_GENUINE = 0.5
# More rows that are not fraud change nothing but the time that teaching takes.
_LEAST_GENUINE = 512
_GENUINE_PER_FRAUD = 32


@dataclass(frozen=True, slots=True)
class SupportSample:
    """The examples one adaptation is taught.

    Attributes:
        frauds: Labelled fraud, in order of their learning.
        genuine: Labelled genuine.
        presumed: Unlabelled for longer than the line's label delay.
    """

    frauds: list[Held]
    genuine: list[Held]
    presumed: list[Held]

    def features(self, width: int) -> Rows:
        """Return all rows [n, width]: frauds first, then genuine, then presumed genuine."""
        return rows_of([*self.frauds, *self.genuine, *self.presumed], width)

    def labels(self) -> npt.NDArray[np.float32]:
        """Return 1 for the frauds and 0 for the rest, in the rows' order."""
        labels = np.zeros(len(self.frauds) + len(self.genuine) + len(self.presumed), np.float32)
        labels[: len(self.frauds)] = 1.0
        return labels

    def from_new_sources(self) -> Counter[str]:
        """Return how many labels rest on sources that nothing vouches for, by source."""
        return Counter(held.example.source for held in [*self.frauds, *self.genuine] if not held.stands)

    def of_standing_sources(self) -> "SupportSample":
        """Return the sample without those."""
        frauds, genuine = ([held for held in some if held.stands] for some in (self.frauds, self.genuine))
        return SupportSample(frauds, genuine, self.presumed)

    def newest_produced_at_ms(self) -> int:
        """Return when the newest label in it was produced, 0 without labels."""
        # A record's timestamp is its producer's to choose, and may lie before the epoch.
        return max(0, *(held.example.label_produced_at_ms for held in [*self.frauds, *self.genuine]), 0)

    def newest_occurred_at_s(self) -> float:
        """Return the event time of its newest example."""
        held = [*self.frauds, *self.genuine, *self.presumed]
        return max((one.example.occurred_at_s for one in held), default=float("-inf"))


def draw(buffer: SupportBuffer, genuine: int, generator: np.random.Generator) -> SupportSample:
    """Return all frauds that may be taught and some rows that are not fraud.

    Args:
        buffer: What a line can learn from.
        genuine: The most rows that are not fraud; few frauds take fewer.
        generator: Source of chance.
    """
    frauds = buffer.frauds()
    genuine = min(genuine, max(_LEAST_GENUINE, _GENUINE_PER_FRAUD * len(frauds)))
    labelled = buffer.genuine()
    most_labelled = int(genuine * _MOST_LABELLED_GENUINE)
    kept = sample_recent(labelled, most_labelled, _RECENT_HALF_LIFE_S, generator)
    presumed = sample_recent(buffer.presumed_genuine(), genuine - len(kept), _RECENT_HALF_LIFE_S, generator)
    return SupportSample(frauds, kept, presumed)


def generator_for(line: str, version: int) -> np.random.Generator:
    """Return the source of chance of one version of one line, the same on every machine."""
    digest = blake2b(f"{line}\0{version}".encode(), digest_size=8).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "little")))
