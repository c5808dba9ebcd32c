"""The audit of one adaptation, on topic `adaptations`."""

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict


class AdaptationRecord(BaseModel):
    """What set an adaptation off, what it was made from, and how the gate judged it.

    Attributes:
        version: The candidate's version; one that was refused is not given out again.
        parent_version: Version of the weights it was judged against; 0 is the shared initialisation.
        trigger: background, initialisation, frauds, labels, age or drift.
        reason: The gate's, for a person.
        figures: What the gate measured.
        event_time: The line's event time when it was made.
        newest_label_produced_at_ms: Produce time of the newest label in the support, 0 without labels.
        took_s: Seconds that building and judging took.
        digest: Of the weights, accepted or not.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = 1
    line: str
    version: int
    parent_version: int
    outcome: Literal["accepted", "rejected"]
    trigger: Literal["background", "initialisation", "frauds", "labels", "age", "drift"]
    reason: str
    figures: dict[str, float]
    initialisation: str
    support_frauds: int
    support_genuine: int
    support_presumed_genuine: int
    background: int
    made_at: AwareDatetime
    event_time: AwareDatetime
    newest_label_produced_at_ms: int
    took_s: float
    digest: str
