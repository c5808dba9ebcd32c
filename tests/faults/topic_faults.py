"""Topics that are missing or set up wrongly: a clear stop at the start, and nothing lost once they are right."""

from typing import ClassVar

from kafka import KafkaAdminClient
from kafka.admin import NewTopic

from stream.pipelines.effects import LABELLED_EXAMPLES
from stream.transport.topics import PROFILE_STATE, SCORE_STATE, partition_count
from tests.faults.fault import Fault

_WRONG = {
    "missing": (LABELLED_EXAMPLES, None, "does not exist; create it with"),
    "partitions": (PROFILE_STATE, NewTopic("", 5, 1, topic_configs={"cleanup.policy": "compact"}), "has 5 partitions"),
    "not compacted": (SCORE_STATE, NewTopic("", 3, 1), "set it to compact alone"),
}
_STOPS_S = 60


class Topics(Fault):
    """Start on a wrong topic, see the worker stop and say which, put it right, and go on."""

    name = "topics"
    repeats = len(_WRONG)
    per_round = 1
    kinds: ClassVar[list[str]] = list(_WRONG)

    def __init__(self):
        self._said = {}

    def set_up(self, site):
        site.make_topics()
        kind = self.kinds[site.turn % len(self.kinds)]
        topic, made, expected = _WRONG[kind]
        name = site.prefix + topic
        admin = KafkaAdminClient(bootstrap_servers=site.broker.split(","))
        try:
            admin.delete_topics([name])
            if made is not None:
                site.wait_until(lambda: name not in admin.list_topics(), 30, f"{name} to be gone")
                admin.create_topics([NewTopic(name, made.num_partitions, 1, topic_configs=made.topic_configs)])
            self._said = {"topic": kind, "said": self._stops(site, expected)}
            if made is not None:
                admin.delete_topics([name])
                site.wait_until(lambda: name not in admin.list_topics(), 30, f"{name} to be gone")
        finally:
            admin.close()
        site.make_topics()
        assert partition_count(site.settings, topic) == site.settings.partitions

    def _stops(self, site, expected):
        site.environment["FORESHOT_CREATE_TOPICS"] = "false"
        process = site.spawn("s0", "score")
        code = process.wait(_STOPS_S)
        said = site.last_line("s0")
        del site.workers["s0"], site.environment["FORESHOT_CREATE_TOPICS"]
        assert code == 1, f"ended with {code}: {said}"
        assert expected in said, said
        return said

    def strike(self, site, chance):
        site.pause(chance.uniform(2.0, 4.0))
        return self._said
