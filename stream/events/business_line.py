"""A business line as its file declares it."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from stream.events.duration import parse_duration_s

DurationS = Annotated[float, BeforeValidator(parse_duration_s)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
Path = Annotated[str, Field(min_length=1, max_length=200)]


class _Declared(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class FieldRole(_Declared):
    """A role read from one field, from several joined, or constant.

    Attributes:
        field: Dotted path of a field.
        fields: Dotted paths whose values are joined.
        join: Between the values of `fields`.
        constant: The same for every event.
        row: Take the row number of a history file; live events carry it under `field`.
    """

    field: Path | None = None
    fields: tuple[Path, ...] | None = None
    join: str = ":"
    constant: str | None = None
    row: bool = False

    @model_validator(mode="after")
    def _one_source(self) -> "FieldRole":
        given = [self.field is not None, self.fields is not None, self.constant is not None]
        if sum(given) != 1:
            raise ValueError("give exactly one of field, fields and constant")
        return self


class TimeRole(_Declared):
    """The event time.

    Attributes:
        format: `iso8601`, `epoch_s`, `epoch_ms`, or a strptime pattern.
        timezone: Of times that name none.
    """

    field: Path
    format: str = "iso8601"
    timezone: str = "UTC"


class AmountRole(_Declared):
    """The amount, in major units (12.34) or minor ones (1234)."""

    field: Path
    unit: Literal["major", "minor"] = "major"


class PlaceRole(_Declared):
    """Where: a text, coordinates, or both."""

    field: Path | None = None
    latitude: Path | None = None
    longitude: Path | None = None

    @model_validator(mode="after")
    def _both_or_neither(self) -> "PlaceRole":
        if (self.latitude is None) != (self.longitude is None):
            raise ValueError("give both latitude and longitude, or neither")
        if self.field is None and self.latitude is None:
            raise ValueError("give field, or latitude and longitude")
        return self


def _as_object(value: object) -> object:
    return {"field": value} if isinstance(value, str) else value


TextRole = Annotated[FieldRole, BeforeValidator(_as_object)]


class Roles(_Declared):
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


class AlertPolicy(_Declared):
    """How many alerts a line wants, and how often about one subject."""

    budget_per_day: float = Field(100.0, gt=0, allow_inf_nan=False)
    dedup_period_s: DurationS = Field(86_400.0, alias="dedup_period", gt=0)


class AdaptationPolicy(_Declared):
    """When a line adapts, and what from.

    Attributes:
        min_new_frauds: New frauds that set an adaptation off.
        min_new_labels: New labels of any kind that set one off.
        growth: ... and they must be at least this share of those known before.
        max_age_s: Weights older than this, in event time, are renewed if any label is new.
        drift: Whether a drift of the line's scores sets one off.
        support_frauds: Most frauds in a support.
        support_genuine: Most other rows in a support.
        background_per_day: Unlabelled events sampled a day, as presumed genuine rows.
        gate_share: Share of labels that only the gate sees.
        gate_tolerance: Loss of average precision that the gate lets pass.
        keep_versions: Versions kept for going back.
    """

    min_new_frauds: int = Field(1, ge=1)
    min_new_labels: int = Field(20, ge=1)
    growth: float = Field(0.25, ge=0, allow_inf_nan=False)
    max_age_s: DurationS = Field(604_800.0, alias="max_age", gt=0)
    drift: bool = True
    support_frauds: int = Field(512, ge=1, le=100_000)
    support_genuine: int = Field(4_096, ge=16, le=1_000_000)
    background_per_day: float = Field(500.0, gt=0, allow_inf_nan=False)
    gate_share: float = Field(0.25, ge=0, le=0.5)
    gate_tolerance: float = Field(0.02, ge=0, le=1)
    keep_versions: int = Field(20, ge=2, le=1_000)


class HistoryPolicy(_Declared):
    """How a history file tells labels, and on which grid they become known."""

    label: Path | None = None
    label_release_s: DurationS = Field(3_600.0, alias="label_release", gt=0)


class BusinessLine(_Declared):
    """One business line.

    Attributes:
        name: Its name in topics, metrics and files.
        topic: Kafka topic of its events.
        kind: What its subjects are, for the words of reasons.
        match: Fields and values by which an event names this line.
        currency: Of events that name none.
        label_delay_s: How long labels take; unlabelled events older than that are presumed genuine.
        rekey: Whether the topic is not keyed by subject.
        max_future_s: Events further in the future are dead-lettered.
    """

    name: Name = Field(alias="line")
    description: str = ""
    topic: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,200}$")]
    kind: Annotated[str, Field(min_length=1, max_length=40)] = "card"
    match: dict[Path, str | int | bool] = Field(default_factory=dict)
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "EUR"
    roles: Roles
    label_delay_s: DurationS = Field(604_800.0, alias="label_delay", ge=0)
    rekey: bool = False
    max_future_s: DurationS = Field(600.0, alias="max_future", ge=0)
    allow_negative: bool = False
    alerts: AlertPolicy = AlertPolicy()
    adaptation: AdaptationPolicy = AdaptationPolicy()
    history: HistoryPolicy = HistoryPolicy()
