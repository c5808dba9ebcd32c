"""The audit on topic `adaptations`: every adaptation, and labels that do not teach."""

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
        left_out: How many labels of which source were left out, since the gate had refused them.
        withheld: How many labels of which source do not teach, by reason, since the line began; those of
            the sources with the most.
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
    left_out: dict[str, int] = {}
    withheld: dict[str, dict[str, int]] = {}


class WithheldRecord(BaseModel):
    """A label that does not teach; told of the first, second, fourth, eighth and so on of a source for one reason.

    Attributes:
        source: Who gave the label, as the label says.
        reason: `rate_limit`: too many a day. `new_source`: nothing vouches for the source, and such sources teach
            as much as they may. `contradicted`: sources that stand say otherwise. `distrusted`: they said
            otherwise too often.
        count: How many labels of this source do not teach for this reason by now.
        standing: named, founder, earned, new or distrusted.
        weight: How often the source is right when it gives this verdict, as far as others can tell.
        event_id: Of the newest of these labels.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = 1
    line: str
    outcome: Literal["withheld"] = "withheld"
    source: str
    reason: Literal["rate_limit", "new_source", "contradicted", "distrusted"]
    count: int
    standing: Literal["named", "founder", "earned", "new", "distrusted"]
    weight: float
    event_id: str
    event_time: AwareDatetime
