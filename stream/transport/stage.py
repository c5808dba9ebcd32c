"""A stage: which topics it reads, what it does with each partition, and what mirrors its state."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from stream.pipelines.effects import PartitionStep

SCORING, MATCHING, ADAPTING = "score", "match", "adapt"
"""The names of transactions: a scorer's, and the learner's two."""


async def at_once() -> None:
    """Wait for nothing."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One of the stages that a worker runs.

    Attributes:
        name: In metrics and logs.
        topics: Full names of the input topics; equal partitions share one step.
        changelog: The topic that mirrors the step's state, without the installation's prefix; None without.
        make_step: Makes the step of one partition number.
        before: Awaited before the first record, for what must be loaded by then.
        in_thread: Whether `process` is slow and must not hold the event loop.
        pace_s: Least seconds between two transactions of a partition, where nothing
            urgent waits: a transaction costs the same for one record as for a thousand.
        transactions: Part of the transactional id: stages of one name, which have the
            same pace, share the transactions of a partition number.
    """

    name: str
    topics: tuple[str, ...]
    changelog: str | None
    make_step: Callable[[int], PartitionStep]
    before: Callable[[], Awaitable[None]] = at_once
    in_thread: bool = False
    pace_s: float = 0.0
    transactions: str = SCORING
