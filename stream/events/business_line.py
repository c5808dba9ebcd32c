"""A business line as its file declares it."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator
from pydantic_core import PydanticKnownError

from stream.events.duration import parse_duration_s
from stream.events.line_roles import Declared, Path, Roles

DurationS = Annotated[float, BeforeValidator(parse_duration_s)]
SourceName = Annotated[str, Field(min_length=1, max_length=100)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]

FinancedBefore = Literal["near", "exact", "never"]
"""Which documents raise an alert by rule."""

# What the stream itself writes: a line that read one of these would feed on its own output.
RESERVED_TOPICS = frozenset(
    (
        "enriched-events", "scored-events", "alert-candidates", "alerts", "fraud-labels", "labelled-examples",
        "line-weights", "adaptations", "dead-letters", "document-claims", "document-matches",
    )
)  # fmt: skip
_RESERVED_ENDINGS = ("-state", "-rekeyed")
# Documents have roles of their own, and tables made of them these columns.
ROLES_OF_DOCUMENTS = Roles.model_validate({
    **{name: name for name in (
        "event_id", "occurred_at", "subject", "counterparty", "currency", "instrument", "place", "channel", "text",
    )},
    "amount": {"field": "amount_minor", "unit": "minor"},
})  # fmt: skip


class AlertPolicy(Declared):
    """How many alerts a line wants, how often about one subject, and what raises one by rule.

    Attributes:
        budget_per_day: Alerts a day that scores raise.
        dedup_period_s: One alert for each subject in so long.
        financed_before: Which documents raise one whatever their score: those that match another that was financed,
            exactly or nearly (`near`), exactly alone (`exact`), or none (`never`).
    """

    budget_per_day: float = Field(100.0, gt=0, allow_inf_nan=False)
    dedup_period_s: DurationS = Field(86_400.0, alias="dedup_period", gt=0)
    financed_before: FinancedBefore = "near"


class AdaptationPolicy(Declared):
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
        gate_tolerance: Loss of average precision that the gate lets pass, at most a tenth of what there was.
        trust_after_s: How long, in event time, labels must have been known before the gate trusts
            them to judge newer ones.
        keep_versions: Versions kept for going back.
        trusted_sources: Sources whose labels count by themselves and judge the other sources. Where
            none are named, every source's do.
        refused_sources: Sources whose labels teach nothing and put nothing in force.
        new_source_share: Labels that teach though nothing vouches for their source, of each verdict
            at most this share of the others (and one at least).
        source_labels_per_day: Labels of one source and one verdict that are heard in a day of event
            time; sources that nothing vouches for have one such allowance together.
    """

    min_new_frauds: int = Field(1, ge=1)
    min_new_labels: int = Field(20, ge=1)
    growth: float = Field(0.25, ge=0, allow_inf_nan=False)
    max_age_s: DurationS = Field(604_800.0, alias="max_age", gt=0)
    drift: bool = True
    support_frauds: int = Field(512, ge=1, le=100_000)
    support_genuine: int = Field(2_048, ge=16, le=1_000_000)
    background_per_day: float = Field(500.0, gt=0, allow_inf_nan=False)
    gate_share: float = Field(0.25, ge=0, le=0.5)
    gate_tolerance: float = Field(0.02, ge=0, le=1)
    trust_after_s: DurationS = Field(86_400.0, alias="trust_after", ge=0)
    keep_versions: int = Field(20, ge=2, le=1_000)
    trusted_sources: tuple[SourceName, ...] = Field((), max_length=256)
    refused_sources: tuple[SourceName, ...] = Field((), max_length=256)
    new_source_share: float = Field(0.1, ge=0, le=1)
    source_labels_per_day: float = Field(200.0, ge=1, allow_inf_nan=False)


class HistoryPolicy(Declared):
    """How a history file tells labels, and on which grid they become known."""

    label: Path | None = None
    label_release_s: DurationS = Field(3_600.0, alias="label_release", gt=0)


class BusinessLine(Declared):
    """One business line.

    Attributes:
        name: Its name in topics, metrics and files.
        topic: Kafka topic of its events.
        kind: What its subjects are, for the words of reasons.
        documents: That its topic carries documents of supply-chain finance, which say themselves what plays which
            role and of which line they are; None where `roles` says it.
        match: Fields and values by which an event names this line.
        currency: Of events that name none.
        label_delay_s: How long labels take; unlabelled events older than that are presumed genuine.
        label_horizon_s: How long events wait for a label; None for the installation's, or three delays if that is more.
        rekey: Whether the topic is not keyed by subject.
        max_future_s: Events further ahead of the clock are dead-lettered; the past is always
            taken, so history can be replayed, and a large value lets a made-up future in.
        allow_negative: Whether refunds may come as negative amounts.
    """

    name: Name = Field(alias="line")
    description: str = ""
    topic: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,200}$")]
    kind: Annotated[str, Field(min_length=1, max_length=40)] = "card"
    documents: Literal["supply_chain"] | None = None
    match: dict[Path, str | int | bool] = Field(default_factory=dict, validate_default=True)
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "EUR"
    roles: Roles = Field(ROLES_OF_DOCUMENTS, validate_default=True)
    label_delay_s: DurationS = Field(604_800.0, alias="label_delay", ge=0)
    label_horizon_s: DurationS | None = Field(None, alias="label_horizon", gt=0)
    rekey: bool = False
    max_future_s: DurationS = Field(600.0, alias="max_future", ge=0)
    allow_negative: bool = False
    alerts: AlertPolicy = AlertPolicy()
    adaptation: AdaptationPolicy = AdaptationPolicy()
    history: HistoryPolicy = HistoryPolicy()

    @field_validator("topic")
    @classmethod
    def _not_our_own(cls, topic: str) -> str:
        if topic in RESERVED_TOPICS or topic.endswith(_RESERVED_ENDINGS) or set(topic) == {"."}:
            raise ValueError("is a name that Foreshot or Kafka keeps for itself; read your events from another topic")
        return topic

    @field_validator("label_horizon_s")
    @classmethod
    def _beyond_the_delay(cls, horizon_s: float | None, info: ValidationInfo) -> float | None:
        if horizon_s is not None and horizon_s <= info.data.get("label_delay_s", 0.0):
            raise ValueError("must be longer than label_delay: no label would find its event")
        return horizon_s

    @field_validator("match", "currency", "rekey", "allow_negative", mode="before")
    @classmethod
    def _not_of_documents(cls, value: Any, info: ValidationInfo) -> Any:
        if value != {} and info.data.get("documents") is not None:
            raise ValueError("must be left out beside documents, which say it themselves")
        return value

    @field_validator("match")
    @classmethod
    def _documents_name_their_line(
        cls, match: dict[Path, str | int | bool], info: ValidationInfo
    ) -> dict[Path, str | int | bool]:
        return match if info.data.get("documents") is None else {"line": info.data.get("name", "")}

    @field_validator("roles")
    @classmethod
    def _roles_or_documents(cls, roles: Roles, info: ValidationInfo) -> Roles:
        given = roles is not ROLES_OF_DOCUMENTS
        if given and info.data.get("documents") is not None:
            raise ValueError("must be left out beside documents, which say it themselves")
        if not given and info.data.get("documents", "wrong") is None:
            raise PydanticKnownError("missing")
        return roles

    @property
    def keyed_anew(self) -> bool:
        """Whether its events are written once more, keyed by subject or documents by line, before they are profiled."""
        return self.rekey or self.documents is not None
