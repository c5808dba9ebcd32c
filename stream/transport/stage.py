"""A stage: which topics it reads, what it does with each partition, and what mirrors its state."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from stream.pipelines.effects import PartitionStep


async def at_once() -> None:
    """Wait for nothing."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One of the stages that a worker runs.

    Attributes:
        name: Part of the transactional id.
        topics: Full names of the input topics; equal partitions share one step.
        changelog: The topic that mirrors the step's state, without the installation's prefix; None without.
        make_step: Makes the step of one partition number.
        before: Awaited before the first record, for what must be loaded by then.
        in_thread: Whether `process` is slow and must not hold the event loop.
        pace_s: Least seconds between two transactions of a partition, where nothing
            urgent waits: a transaction costs the same for one record as for a thousand.
    """

    name: str
    topics: tuple[str, ...]
    changelog: str | None
    make_step: Callable[[int], PartitionStep]
    before: Callable[[], Awaitable[None]] = at_once
    in_thread: bool = False
    pace_s: float = 0.0


SHARED = "score"
"""The transactions that all stages share which let nothing wait."""


def shared_by(stage: Stage) -> str:
    """Return the name of the transactions that a stage shares with others, or has for itself where it has a pace."""
    return stage.name if stage.pace_s else SHARED
