"""What an analyst, a chargeback or a rule says of an event, and when."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from stream.events.decode import Rejected, SourceRecord
from stream.events.event_time import EARLIEST_S, LATEST_S
from stream.events.roles import MOST_MINOR
from stream.events.transaction import Identifier, explain

_MOST_BYTES = 16_384


class FraudLabel(BaseModel):
    """One label.

    Attributes:
        event_id: Of the event it is about.
        line: The event's business line.
        label: The verdict.
        source: Who says so.
        labelled_at: When the verdict was given; the newest one is in force, of equal ones the later arrival.
        reverses: Withdraws the label: the event is unlabelled again.
        loss_minor: What was lost, minor units of the event's currency; often less than its amount, and told again when
            more is known. None where nobody says; of a fraud that is not withdrawn alone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = 1
    event_id: Identifier
    line: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    label: Literal["fraud", "genuine"]
    source: Annotated[str, StringConstraints(min_length=1, max_length=100)] = "analyst"
    labelled_at: AwareDatetime
    reverses: bool = False
    loss_minor: Annotated[int, Field(ge=0, le=MOST_MINOR)] | None = None

    @field_validator("labelled_at")
    @classmethod
    def _of_our_centuries(cls, moment: datetime) -> datetime:
        if not EARLIEST_S <= moment.timestamp() < LATEST_S:
            raise ValueError("must be a time of the years 1900 to 2999")
        return moment

    @model_validator(mode="after")
    def _of_a_fraud(self) -> Self:
        if self.loss_minor is not None and (self.label != "fraud" or self.reverses):
            raise ValueError("loss_minor must be left out beside genuine and reverses")
        return self


def decode_labels(records: Sequence[SourceRecord]) -> tuple[list[tuple[FraudLabel, SourceRecord]], list[Rejected]]:
    """Return usable labels with their records, and the others with their reasons."""
    good: list[tuple[FraudLabel, SourceRecord]] = []
    rejected: list[Rejected] = []
    for record in records:
        found = _decode_one(record)
        if isinstance(found, FraudLabel):
            good.append((found, record))
        else:
            rejected.append(found)
    return good, rejected


def _decode_one(record: SourceRecord) -> FraudLabel | Rejected:
    value = record.value
    if value is None:
        return Rejected(record, "unreadable", None, "the record has no value")
    if len(value) > _MOST_BYTES:
        return Rejected(record, "oversized", None, f"{len(value)} bytes, at most {_MOST_BYTES} are taken")
    try:
        return FraudLabel.model_validate_json(value, strict=True)
    except ValidationError as error:
        return Rejected(record, *explain(error))
