"""Topics: their names, how each must be set up, and making or checking them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType, NewTopic
from kafka.errors import (
    KafkaError,
    TopicAlreadyExistsError,
    UnknownTopicOrPartitionError,
)

from stream.errors import AccessRefusedError, ForeshotError
from stream.events.business_line import BusinessLine
from stream.events.label_horizons import label_horizons
from stream.pipelines import effects
from stream.settings import Settings
from stream.transport.clients import connect_admin
from stream.transport.cluster import Cluster, cluster_of
from stream.transport.permission import FORBIDDEN, Permission, refuse_lacking
from stream.transport.refusals import refusal, refusals_told
from stream.transport.topic_plan import TopicPlan, problem_with

PROFILE_STATE = "profile-state"
SCORE_STATE = "score-state"
RAISE_STATE = "raise-state"
MATCH_STATE = "match-state"
CLAIM_STATE = "claim-state"
REKEYED_SUFFIX = "-rekeyed"
_COMPACTED = {"cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.2", "segment.ms": "3600000"}
_KEPT = {"cleanup.policy": "delete", "retention.ms": "-1"}
_DAY_MS = 86_400_000
_DAY_S = 86_400.0
# Beyond the label horizon, for a learner that was down or is behind.
_SLACK_DAYS = 7.0
_MOST_DAYS = 36_500.0


@dataclass(frozen=True, slots=True)
class Topics:
    """The names of all topics of one installation."""

    prefix: str

    def named(self, topic: str) -> str:
        """Return a topic's full name."""
        return self.prefix + topic


def line_topics(lines: Iterable[BusinessLine]) -> dict[str, bool]:
    """Return the lines' topics and whether each is keyed anew by subject.

    Raises:
        ForeshotError: Two lines of one topic disagree on `rekey`.
    """
    found: dict[str, bool] = {}
    for line in lines:
        if found.setdefault(line.topic, line.keyed_anew) != line.keyed_anew:
            raise ForeshotError(f"topic {line.topic}: its lines disagree on rekey; give all of them the same value")
    return found


def document_topics(lines: Iterable[BusinessLine]) -> list[str]:
    """Return the lines' topics that carry documents of supply-chain finance."""
    return list(dict.fromkeys(line.topic for line in lines if line.documents is not None))


def plans(settings: Settings, lines: Iterable[BusinessLine], existing: Mapping[str, int]) -> list[TopicPlan]:
    """Return all topics that an installation needs.

    Args:
        settings: Gives the prefix and the partitions of topics made here.
        lines: Whose topics are read.
        existing: Partitions of the topics that exist; a changelog follows its input,
            and labels follow the scored events that they must meet.
    """
    names = Topics(settings.topic_prefix)

    def count(topic: str) -> int:
        return existing.get(names.named(topic), settings.partitions)

    def plan(topic: str, partitions: int = settings.partitions, kept: Mapping[str, str] | None = None) -> TopicPlan:
        return TopicPlan(names.named(topic), partitions, kept or {})

    lines = list(lines)
    sources = line_topics(lines)
    inputs = [topic + REKEYED_SUFFIX if rekey else topic for topic, rekey in sources.items()]
    stateful = {
        PROFILE_STATE: inputs,
        SCORE_STATE: [effects.ENRICHED_EVENTS],
        RAISE_STATE: [effects.ALERT_CANDIDATES],
        MATCH_STATE: [effects.SCORED_EVENTS, effects.FRAUD_LABELS],
    }
    of_documents: list[TopicPlan] = []
    if document_topics(lines):
        of_documents = [plan(effects.DOCUMENT_CLAIMS), plan(effects.DOCUMENT_MATCHES, kept=_KEPT)]
        stateful[CLAIM_STATE] = [effects.DOCUMENT_CLAIMS]
    return [
        *(plan(topic) for topic in {*sources, *inputs}),
        *(plan(topic) for topic in _OWN),
        *of_documents,
        _scored_events(names, settings, lines),
        plan(effects.FRAUD_LABELS, count(effects.SCORED_EVENTS)),
        TopicPlan(names.named(effects.LINE_WEIGHTS), 1, _COMPACTED),
        TopicPlan(names.named(effects.DEAD_LETTERS), 1, {"max.message.bytes": "8388608"}),
        *(plan(topic, kept=_KEPT) for topic in (effects.LABELLED_EXAMPLES, effects.ADAPTATIONS)),
        *(plan(name, max(map(count, read)), _COMPACTED) for name, read in stateful.items()),
    ]


_OWN = (effects.ENRICHED_EVENTS, effects.ALERT_CANDIDATES, effects.ALERTS)


def _scored_events(names: Topics, settings: Settings, lines: Iterable[BusinessLine]) -> TopicPlan:
    # The feature store is rebuilt from this topic, so a label finds its event as long as it is kept.
    longest_s = label_horizons(lines, settings.label_horizon_days * _DAY_S).longest_s
    horizon_days = min(longest_s / _DAY_S, _MOST_DAYS)
    kept = {"cleanup.policy": "delete", "retention.ms": str(int((horizon_days + _SLACK_DAYS) * _DAY_MS))}
    return TopicPlan(names.named(effects.SCORED_EVENTS), settings.partitions, kept, int(horizon_days * _DAY_MS))


def ensure_topics(settings: Settings, lines: Iterable[BusinessLine], needed: Sequence[Permission] = ()) -> list[str]:
    """Make missing topics where settings allow it, and check those that exist.

    Args:
        settings: Name Kafka and the installation.
        lines: Whose topics are read.
        needed: What will be done with the topics; where none are made, the others are not looked at.

    Returns:
        Names of the topics that were made.

    Raises:
        BrokerUnavailableError: Kafka cannot be reached.
        AccessRefusedError: Kafka does not take us, or a permission is lacking.
        ForeshotError: A topic is missing or set up in a way that would lose data.
    """
    cluster = cluster_of(settings)
    admin = connect_admin(cluster)
    try:
        with refusals_told(cluster, "a permission on the installation's topics"):
            return _ensure(admin, cluster, settings, list(lines), needed)
    finally:
        admin.close()


def _ensure(
    admin: KafkaAdminClient,
    cluster: Cluster,
    settings: Settings,
    lines: list[BusinessLine],
    needed: Sequence[Permission],
) -> list[str]:
    names = [plan.name for plan in plans(settings, lines, {})]
    if needed and not settings.create_topics:
        names = sorted({one.name for one in needed if one.resource == "topic"})
    described = {item["name"]: item for item in admin.describe_topics(names)}
    refuse_lacking(cluster, admin, described, needed)
    _refuse_forbidden(cluster, described)
    existing = {
        name: len(item["partitions"])
        for name, item in described.items()
        if item["error_code"] != UnknownTopicOrPartitionError.errno
    }
    wanted = [plan for plan in plans(settings, lines, existing) if plan.name in described]
    missing = [plan for plan in wanted if plan.name not in existing]
    if missing and not settings.create_topics:
        raise ForeshotError(
            f"topic {missing[0].name} does not exist; create it with {missing[0].partitions} partitions "
            "or set FORESHOT_CREATE_TOPICS=true"
        )
    _create(admin, cluster, missing, settings.replication)
    _check(admin, [plan for plan in wanted if plan.name in existing], existing)
    return [plan.name for plan in missing]


def _refuse_forbidden(cluster: Cluster, described: Mapping[str, Mapping[str, Any]]) -> None:
    forbidden = [name for name, item in described.items() if item["error_code"] == FORBIDDEN]
    if forbidden:
        raise AccessRefusedError(
            f"{cluster.who} may not see topic {forbidden[0]}; grant what `foreshot topics permissions` lists, or set "
            "FORESHOT_CREATE_TOPICS=false where the topics are made beforehand (docs/security.md)"
        )


def _create(admin: KafkaAdminClient, cluster: Cluster, missing: list[TopicPlan], replication: int) -> None:
    for plan in missing:
        new = NewTopic(plan.name, plan.partitions, replication, topic_configs=dict(plan.settings))
        try:
            admin.create_topics([new])
        except TopicAlreadyExistsError:
            continue
        except KafkaError as error:
            if (refused := refusal(error, cluster, doing=f"Create on topic {plan.name}")) is not None:
                raise refused from error
            raise ForeshotError(f"topic {plan.name} could not be made: {error}") from error


def _check(admin: KafkaAdminClient, present: list[TopicPlan], existing: Mapping[str, int]) -> None:
    for plan in present:
        strict = plan.name.endswith(("-state", effects.LINE_WEIGHTS, effects.FRAUD_LABELS))
        if strict and existing[plan.name] != plan.partitions:
            raise ForeshotError(
                f"topic {plan.name} has {existing[plan.name]} partitions and needs {plan.partitions}; "
                "delete it and let Foreshot make it, or create it anew"
            )
    particular = [plan for plan in present if plan.is_particular]
    found = _settings_of(admin, [plan.name for plan in particular])
    for plan in particular:
        if (problem := problem_with(plan, found.get(plan.name, {}))) is not None:
            raise ForeshotError(problem)


def _settings_of(admin: KafkaAdminClient, topics: list[str]) -> dict[str, dict[str, str]]:
    resources = [ConfigResource(ConfigResourceType.TOPIC, topic) for topic in topics]
    # The broker's defaults count as well: most topics have their retention from there.
    described = admin.describe_configs(resources, config_filter="all") if resources else {}
    return {
        topic: {name: str(one["value"]) for name, one in settings.items()}
        for topic, settings in described.get("topic", {}).items()
    }


def partition_count(settings: Settings, topic: str) -> int:
    """Return how many partitions a topic has.

    Raises:
        BrokerUnavailableError: Kafka cannot be reached.
    """
    admin = connect_admin(cluster_of(settings))
    try:
        return len(admin.describe_topics([Topics(settings.topic_prefix).named(topic)])[0]["partitions"])
    finally:
        admin.close()
