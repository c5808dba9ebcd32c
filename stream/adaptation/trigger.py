"""Decides when a line's weights are made anew, and says why."""

from dataclasses import dataclass
from typing import Literal

from stream.adaptation.support_buffer import SupportBuffer

Reason = Literal["background", "initialisation", "frauds", "labels", "age", "drift"]

# Enough unlabelled rows for a mean, a scale and the anomaly's covariance.
LEAST_BACKGROUND = 300
# The line's own scale is refreshed at each doubling, until a support's worth is known.
_BACKGROUND_GROWTH = 2


@dataclass(frozen=True, slots=True)
class TriggerPolicy:
    """A line's adaptation policy, as its line file says."""

    min_new_frauds: int
    min_new_labels: int
    growth: float
    max_age_s: float
    drift: bool
    enough_background: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """The last time weights were made, accepted or not: what they knew.

    Attributes:
        folded: How many of the line's examples had been folded.
        background: How many events without a label were held.
        watermark_s: The line's event time.
        initialisation: Identifier of the shared initialisation.
        version: The candidate's; it is not given out again.
    """

    folded: int
    background: int
    watermark_s: float
    initialisation: str
    version: int


def due(
    policy: TriggerPolicy, buffer: SupportBuffer, last: Attempt | None, initialisation: str, *, drifted: bool
) -> Reason | None:
    """Return why the line should be adapted now, None where it should not.

    Labels are compared with the last attempt, not the last success: what the gate has
    refused once is not tried again until more is known.

    Args:
        policy: The line's own.
        buffer: What is known by now.
        last: What was known at the last attempt; None before the first.
        initialisation: Identifier of the shared initialisation now in use.
        drifted: Whether the background's scores have drifted since.
    """
    background = buffer.background_count()
    if last is None and background < LEAST_BACKGROUND:
        return None
    if last is None:
        return "background"
    if last.initialisation != initialisation:
        return "initialisation"
    return _by_labels(policy, buffer, last) or _by_time(policy, buffer, last, drifted=drifted)


def _by_labels(policy: TriggerPolicy, buffer: SupportBuffer, last: Attempt) -> Reason | None:
    frauds, new_frauds = buffer.taught_count("fraud"), buffer.frauds_since(last.folded)
    known_frauds = frauds - new_frauds
    if new_frauds >= max(policy.min_new_frauds, policy.growth * known_frauds):
        return "frauds"
    new_labels = buffer.changes_since(last.folded)
    known_labels = frauds + buffer.taught_count("genuine") - new_labels
    if new_labels >= max(policy.min_new_labels, policy.growth * known_labels):
        return "labels"
    return None


def _by_time(policy: TriggerPolicy, buffer: SupportBuffer, last: Attempt, *, drifted: bool) -> Reason | None:
    if buffer.changes_since(last.folded) and buffer.watermark_s - last.watermark_s >= policy.max_age_s:
        return "age"
    if policy.drift and drifted:
        return "drift"
    background = buffer.background_count()
    known = max(last.background, LEAST_BACKGROUND // _BACKGROUND_GROWTH)
    if last.background < policy.enough_background and background >= _BACKGROUND_GROWTH * known:
        return "background"
    return None
