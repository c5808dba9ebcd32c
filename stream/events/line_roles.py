"""Which of the user's fields plays which role, as a line file declares it."""

from datetime import UTC, datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

Path = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^.]+(\.[^.]+)*$")]

_FORMATS = ("iso8601", "epoch_s", "epoch_ms")
_A_MOMENT = datetime(2021, 3, 4, 5, 6, 7, tzinfo=UTC)


class Declared(BaseModel):
    """A part of a line file: unknown keys are refused, nothing changes after it was read."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class FieldRole(Declared):
    """A role read from one field, from several joined, or constant.

    Attributes:
        field: Dotted path of a field.
        fields: Dotted paths whose values are joined.
        join: Between the values of `fields`.
        constant: The same for every event.
        row: Take the row number of a history file; live events carry it under `field`.
    """

    field: Path | None = None
    fields: Annotated[tuple[Path, ...], Field(min_length=1, max_length=16)] | None = None
    join: str = ":"
    constant: Annotated[str, Field(min_length=1, max_length=256)] | None = None
    row: bool = False

    @model_validator(mode="after")
    def _one_source(self) -> "FieldRole":
        given = [self.field is not None, self.fields is not None, self.constant is not None]
        if sum(given) != 1:
            raise ValueError("must give exactly one of field, fields and constant")
        if self.row and self.field is None:
            raise ValueError("must give field with row: live events carry the row number there")
        return self

    @property
    def paths(self) -> tuple[str, ...]:
        """Fields that are read, in order; none for a constant."""
        return self.fields or ((self.field,) if self.field is not None else ())


class TimeRole(Declared):
    """The event time.

    Attributes:
        format: `iso8601`, `epoch_s`, `epoch_ms`, or a strptime pattern.
        timezone: IANA name of the zone of times that name none.
    """

    field: Path
    format: str = "iso8601"
    timezone: str = "UTC"

    @field_validator("format")
    @classmethod
    def _known_format(cls, text: str) -> str:
        if text in _FORMATS:
            return text
        if "%Y" not in text and "%y" not in text:
            raise ValueError("must be iso8601, epoch_s, epoch_ms or a strptime pattern such as '%d/%m/%Y %H:%M:%S'")
        try:
            datetime.strptime(_A_MOMENT.strftime(text), text)  # noqa: DTZ007 - only the pattern is tried
        except ValueError as error:
            raise ValueError(f"is no strptime pattern: {error}") from error
        return text

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError("must be an IANA time zone such as UTC or Europe/Paris") from error
        return name


class AmountRole(Declared):
    """The amount, in major units (12.34) or minor ones (1234)."""

    field: Path
    unit: Literal["major", "minor"] = "major"


class PlaceRole(Declared):
    """Where: a text, coordinates, or both."""

    field: Path | None = None
    latitude: Path | None = None
    longitude: Path | None = None

    @model_validator(mode="after")
    def _both_or_neither(self) -> "PlaceRole":
        if (self.latitude is None) != (self.longitude is None):
            raise ValueError("must give both latitude and longitude, or neither")
        if self.field is None and self.latitude is None:
            raise ValueError("must give field, or latitude and longitude")
        return self


def _as_object(value: object) -> object:
    return {"field": value} if isinstance(value, str) else value


TextRole = Annotated[FieldRole, BeforeValidator(_as_object)]


class Roles(Declared):
    """Which of the user's fields plays which part."""

    event_id: TextRole
    occurred_at: Annotated[TimeRole, BeforeValidator(_as_object)]
    subject: TextRole
    counterparty: TextRole
    amount: Annotated[AmountRole, BeforeValidator(_as_object)]
    instrument: TextRole | None = None
    currency: TextRole | None = None
    place: Annotated[PlaceRole, BeforeValidator(_as_object)] | None = None
    channel: TextRole | None = None
    text: TextRole | None = None

    @model_validator(mode="after")
    def _fit_together(self) -> "Roles":
        if self.event_id.constant is not None:
            raise ValueError("event_id must not be constant: it tells events apart")
        for name in ("subject", "counterparty", "instrument", "currency", "channel", "text"):
            role: FieldRole | None = getattr(self, name)
            if role is not None and role.row:
                raise ValueError(f"{name} must not be a row number; only event_id may be")
        return self
