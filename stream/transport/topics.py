"""Topics: their names, how each must be set up, and making or checking them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType, NewTopic
from kafka.errors import KafkaError, TopicAlreadyExistsError

from stream.errors import BrokerUnavailableError, ForeshotError
from stream.events.business_line import BusinessLine
from stream.logs import quiet_clients
from stream.pipelines import effects
from stream.settings import Settings

PROFILE_STATE = "profile-state"
SCORE_STATE = "score-state"
RAISE_STATE = "raise-state"
MATCH_STATE = "match-state"
REKEYED_SUFFIX = "-rekeyed"
_COMPACTED = {"cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.2", "segment.ms": "3600000"}
_KEPT = {"cleanup.policy": "delete", "retention.ms": "-1"}


@dataclass(frozen=True, slots=True)
class TopicPlan:
    """How one topic must be."""

    name: str
    partitions: int
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Topics:
    """The names of all topics of one installation."""

    prefix: str

    def named(self, topic: str) -> str:
        """Return a topic's full name."""
        return self.prefix + topic


def line_topics(lines: Iterable[BusinessLine]) -> dict[str, bool]:
    """Return the lines' topics and whether each must be keyed anew by subject.

    Raises:
        ForeshotError: Two lines of one topic disagree on `rekey`.
    """
    found: dict[str, bool] = {}
    for line in lines:
        if found.setdefault(line.topic, line.rekey) != line.rekey:
            raise ForeshotError(f"topic {line.topic}: its lines disagree on rekey; give all of them the same value")
    return found


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

    sources = line_topics(lines)
    inputs = [topic + REKEYED_SUFFIX if rekey else topic for topic, rekey in sources.items()]
    stateful = {
        PROFILE_STATE: inputs,
        SCORE_STATE: [effects.ENRICHED_EVENTS],
        RAISE_STATE: [effects.ALERT_CANDIDATES],
        MATCH_STATE: [effects.SCORED_EVENTS, effects.FRAUD_LABELS],
    }
    return [
        *(plan(topic) for topic in {*sources, *inputs}),
        *(plan(topic) for topic in _OWN),
        plan(effects.FRAUD_LABELS, count(effects.SCORED_EVENTS)),
        TopicPlan(names.named(effects.LINE_WEIGHTS), 1, _COMPACTED),
        TopicPlan(names.named(effects.DEAD_LETTERS), 1, {"max.message.bytes": "8388608"}),
        *(plan(topic, kept=_KEPT) for topic in (effects.LABELLED_EXAMPLES, effects.ADAPTATIONS)),
        *(plan(name, max(map(count, read)), _COMPACTED) for name, read in stateful.items()),
    ]


_OWN = (effects.ENRICHED_EVENTS, effects.SCORED_EVENTS, effects.ALERT_CANDIDATES, effects.ALERTS)


def ensure_topics(settings: Settings, lines: Iterable[BusinessLine]) -> list[str]:
    """Make missing topics where settings allow it, and check those that exist.

    Returns:
        Names of the topics that were made.

    Raises:
        BrokerUnavailableError: Kafka cannot be reached.
        ForeshotError: A topic is missing or set up in a way that would lose data.
    """
    admin = connect_admin(settings.bootstrap_servers)
    try:
        existing = {item["name"]: len(item["partitions"]) for item in admin.describe_topics()}
        needed = plans(settings, list(lines), existing)
        missing = [plan for plan in needed if plan.name not in existing]
        if missing and not settings.create_topics:
            raise ForeshotError(
                f"topic {missing[0].name} does not exist; create it with {missing[0].partitions} partitions "
                "or set FORESHOT_CREATE_TOPICS=true"
            )
        _create(admin, missing, settings.replication)
        _check(admin, [plan for plan in needed if plan.name in existing], existing)
        return [plan.name for plan in missing]
    finally:
        admin.close()


def connect_admin(bootstrap_servers: str, timeout_s: float = 10.0) -> KafkaAdminClient:
    """Return an administration client.

    Raises:
        BrokerUnavailableError: Nothing answers at the address.
    """
    try:
        with quiet_clients():
            return KafkaAdminClient(
                bootstrap_servers=bootstrap_servers.split(","),
                request_timeout_ms=30_000,
                bootstrap_timeout_ms=int(timeout_s * 1000),
            )
    except (KafkaError, OSError, ValueError) as error:
        raise BrokerUnavailableError(
            f"no Kafka broker answers at {bootstrap_servers}: {error}; start one with `foreshot broker` "
            "or set FORESHOT_BOOTSTRAP_SERVERS"
        ) from error


def _create(admin: KafkaAdminClient, missing: list[TopicPlan], replication: int) -> None:
    for plan in missing:
        new = NewTopic(plan.name, plan.partitions, replication, topic_configs=dict(plan.settings))
        try:
            admin.create_topics([new])
        except TopicAlreadyExistsError:
            continue
        except KafkaError as error:
            raise ForeshotError(f"topic {plan.name} could not be made: {error}") from error


def _check(admin: KafkaAdminClient, present: list[TopicPlan], existing: Mapping[str, int]) -> None:
    for plan in present:
        strict = plan.name.endswith(("-state", effects.LINE_WEIGHTS, effects.FRAUD_LABELS))
        if strict and existing[plan.name] != plan.partitions:
            raise ForeshotError(
                f"topic {plan.name} has {existing[plan.name]} partitions and needs {plan.partitions}; "
                "delete it and let Foreshot make it, or create it anew"
            )
        if plan.settings.get("cleanup.policy") == "compact" and not _is_compacted(admin, plan.name):
            raise ForeshotError(
                f"topic {plan.name} is not compacted; set its cleanup.policy to compact, or state would be lost"
            )


def _is_compacted(admin: KafkaAdminClient, topic: str) -> bool:
    described = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    return "compact" in str(_setting(described, "cleanup.policy"))


def _setting(described: object, name: str) -> object:
    text = str(described)
    at = text.find(name)
    return text[at : at + 80] if at >= 0 else ""


def partition_count(settings: Settings, topic: str) -> int:
    """Return how many partitions a topic has.

    Raises:
        BrokerUnavailableError: Kafka cannot be reached.
    """
    admin = connect_admin(settings.bootstrap_servers)
    try:
        return len(admin.describe_topics([Topics(settings.topic_prefix).named(topic)])[0]["partitions"])
    finally:
        admin.close()
