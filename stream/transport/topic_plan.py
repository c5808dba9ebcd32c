"""How one topic must be set up, and what is wrong with one that is set up otherwise."""

from collections.abc import Mapping
from dataclasses import dataclass, field

_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class TopicPlan:
    """How one topic must be.

    Attributes:
        settings: Given to a topic that is made here.
        least_retention_ms: How long one that exists must keep its records, None for any time.
    """

    name: str
    partitions: int
    settings: Mapping[str, str] = field(default_factory=dict)
    least_retention_ms: int | None = None

    @property
    def compacted(self) -> bool:
        """Whether the newest record of every key must stay for good."""
        return self.settings.get("cleanup.policy") == "compact"

    @property
    def is_particular(self) -> bool:
        """Whether a topic that exists could lose what this plan must keep."""
        return self.compacted or self.least_retention_ms is not None


def problem_with(plan: TopicPlan, found: Mapping[str, str]) -> str | None:
    """Return why a topic would lose what it must keep and what to do, None where it would not.

    Args:
        plan: How the topic must be.
        found: The topic's settings as they are.
    """
    if not plan.is_particular:
        return None
    if "cleanup.policy" not in found:
        return f"the settings of topic {plan.name} cannot be read; allow DescribeConfigs on it"
    policy = {one.strip() for one in found["cleanup.policy"].split(",")}
    if plan.compacted:
        return None if policy == {"compact"} else _not_compacted(plan.name, found["cleanup.policy"])
    return _kept_too_shortly(plan, policy, int(found.get("retention.ms", "-1")))


def _not_compacted(name: str, policy: str) -> str:
    return f"topic {name} has cleanup.policy {policy}; set it to compact alone, or state would be lost"


def _kept_too_shortly(plan: TopicPlan, policy: set[str], retention_ms: int) -> str | None:
    least_ms = plan.least_retention_ms
    if least_ms is None or "delete" not in policy or retention_ms < 0 or retention_ms >= least_ms:
        return None
    return (
        f"topic {plan.name} keeps its records for {retention_ms / _DAY_MS:.4g} days and the learner needs those of "
        f"{least_ms / _DAY_MS:.4g} days; set its retention.ms to {least_ms} or more (-1 is for ever), "
        "or shorten label_horizon in the line files, and FORESHOT_LABEL_HORIZON_DAYS"
    )
