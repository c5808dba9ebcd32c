"""Topics are made so that nothing the worker needs is thrown away, and those that exist are checked for it."""

from types import SimpleNamespace

import pytest

from stream.errors import ForeshotError
from stream.settings import load_settings
from stream.transport import topics
from stream.transport.topics import ensure_topics, plans
from tests.builders.events import a_line
from tests.builders.supply_chain import a_documents_line

DAY_MS = 86_400_000


class AdminOfSomeTopics:
    """Answers as Kafka's administration client does, from a dictionary of topics."""

    def __init__(self, partitions, settings):
        self.partitions = partitions
        self.settings = settings
        self.made = {}

    def describe_topics(self, names):
        return [
            {
                "name": name,
                "partitions": [{}] * self.partitions.get(name, 0),
                "error_code": 3 * (name not in self.partitions),
            }
            for name in names
        ]

    def describe_configs(self, resources, config_filter):
        assert config_filter == "all"
        return {"topic": {one.name: self._described(one.name) for one in resources}}

    def _described(self, name):
        return {key: {"value": value} for key, value in self.settings.get(name, {}).items()}

    def create_topics(self, wanted):
        self.made |= {one.name: one.topic_configs for one in wanted}

    def close(self):
        pass


@pytest.fixture
def check(monkeypatch):
    """Return a check of an installation whose topics are all right but for those given."""

    def run(changed=None, counts=None, missing=(), **given):
        settings = load_settings({}, **given)
        needed = plans(settings, [a_line()], {})
        partitions = {plan.name: plan.partitions for plan in needed if plan.name not in missing}
        found = {plan.name: {"cleanup.policy": "delete"} | dict(plan.settings) for plan in needed} | (changed or {})
        admin = AdminOfSomeTopics(partitions | (counts or {}), found)
        monkeypatch.setattr(topics, "connect_admin", lambda _: admin)
        made = ensure_topics(settings, [a_line()])
        return SimpleNamespace(made=made, settings=admin.made)

    return run


def kept(days, policy="delete"):
    return {"scored-events": {"cleanup.policy": policy, "retention.ms": str(int(days * DAY_MS))}}


def test_scored_events_are_made_to_be_kept_a_week_longer_than_labels_may_take(check):
    found = check(missing=["scored-events"], label_horizon_days=30.0)
    assert found.settings == {"scored-events": {"cleanup.policy": "delete", "retention.ms": str(37 * DAY_MS)}}


def test_scored_events_are_kept_as_long_as_the_line_with_the_latest_labels_needs():
    lines = [a_line(), a_documents_line(label_delay="60d", label_horizon="300d")]
    (found,) = (
        plan for plan in plans(load_settings({}, label_horizon_days=30.0), lines, {}) if plan.name == "scored-events"
    )
    assert found.settings["retention.ms"] == str(307 * DAY_MS)


def test_scored_events_kept_for_less_than_the_label_horizon_are_refused_with_a_remedy(check):
    with pytest.raises(ForeshotError, match=rf"7 days .* 90 days; set its retention.ms to {90 * DAY_MS} or more"):
        check(kept(7))


@pytest.mark.parametrize("changed", [kept(90), {"scored-events": {"cleanup.policy": "compact"}}])
def test_scored_events_kept_for_the_label_horizon_or_compacted_are_taken(check, changed):
    assert check(changed).made == []


def test_scored_events_kept_for_ever_are_taken(check):
    check({"scored-events": {"cleanup.policy": "delete", "retention.ms": "-1"}})


def test_compacted_scored_events_that_are_deleted_as_well_must_be_kept_long_enough(check):
    with pytest.raises(ForeshotError, match="scored-events keeps its records for 7 days"):
        check(kept(7, "compact,delete"))


@pytest.mark.parametrize("policy", ["delete", "compact,delete", "delete, compact"])
def test_a_changelog_that_deletes_is_refused(check, policy):
    with pytest.raises(ForeshotError, match=r"profile-state has cleanup.policy .*; set it to compact alone"):
        check({"profile-state": {"cleanup.policy": policy}})


def test_settings_that_cannot_be_read_are_not_taken_for_good_ones(check):
    with pytest.raises(ForeshotError, match="settings of topic match-state cannot be read; allow DescribeConfigs"):
        check({"match-state": {}})


def test_labels_in_other_partitions_than_the_scores_they_must_meet_are_refused(check):
    with pytest.raises(ForeshotError, match="fraud-labels has 6 partitions and needs 4"):
        check(counts={"fraud-labels": 6})


def test_labels_follow_scored_events_where_these_have_a_count_of_their_own(check):
    with pytest.raises(ForeshotError, match="fraud-labels has 4 partitions and needs 6"):
        check(counts={"scored-events": 6, "match-state": 6})
    assert check(counts={"scored-events": 6, "fraud-labels": 6, "match-state": 6}).made == []


def test_the_ledgers_topics_are_made_for_documents_alone_and_their_changelog_follows_the_claims():
    settings = load_settings({})
    cards = {plan.name for plan in plans(settings, [a_line(rekey=True, topic="copper-documents")], {})}
    found = {plan.name: plan for plan in plans(settings, [a_documents_line()], {"document-claims": 6})}
    assert found.keys() - cards == {"document-claims", "document-matches", "claim-state"}
    assert (found["claim-state"].partitions, found["claim-state"].compacted) == (6, True)
    assert found["document-matches"].settings["retention.ms"] == "-1"
