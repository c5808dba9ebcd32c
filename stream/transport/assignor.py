"""Assigns equal partition numbers of all topics to the same worker.

Records that must meet (an event's score and its label) travel on equal partitions of
two topics, so their owner must be one worker. Rendezvous hashing with a cap moves few
partitions when a worker joins or leaves. Thaler and Ravishankar, "Using name-based
mappings to increase hit rates", 1998.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from zlib import crc32

from aiokafka.cluster import ClusterMetadata
from aiokafka.coordinator.assignors.abstract import AbstractPartitionAssignor
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment, ConsumerProtocolMemberMetadata


class CoPartitionAssignor(AbstractPartitionAssignor):
    """Gives partition p of every topic to one worker among those that subscribe alike."""

    name = "foreshot-copartition"
    version = 0

    @classmethod
    def assign(
        cls, cluster: ClusterMetadata, members: Mapping[str, ConsumerProtocolMemberMetadata]
    ) -> dict[str, ConsumerProtocolMemberAssignment]:
        """Return each member's partitions.

        Args:
            cluster: Where partition counts are read.
            members: Member id to its subscription.
        """
        subscribers: dict[str, set[str]] = defaultdict(set)
        for member, metadata in members.items():
            for topic in metadata.subscription:
                subscribers[topic].add(member)
        counts = {topic: len(cluster.partitions_for_topic(topic) or ()) for topic in subscribers}
        given: dict[str, dict[str, list[int]]] = {member: defaultdict(list) for member in members}
        for group in {frozenset(found) for found in subscribers.values()}:
            topics = sorted(topic for topic, found in subscribers.items() if found == group)
            owners = owners_of(max(counts[topic] for topic in topics), sorted(group))
            for topic in topics:
                for partition in range(counts[topic]):
                    given[owners[partition]][topic].append(partition)
        return {
            member: ConsumerProtocolMemberAssignment(cls.version, sorted(topics.items()), b"")
            for member, topics in given.items()
        }

    @classmethod
    def metadata(cls, topics: Iterable[str]) -> ConsumerProtocolMemberMetadata:
        """Return what a member says when it joins."""
        return ConsumerProtocolMemberMetadata(cls.version, list(topics), b"")

    @classmethod
    def on_assignment(cls, assignment: ConsumerProtocolMemberAssignment) -> None:
        """Keep nothing: the assignment depends on the members alone."""


def owners_of(partitions: int, members: list[str]) -> list[str]:
    """Return the owner of each partition number, no member more than its even share.

    Args:
        partitions: How many partition numbers there are.
        members: Members' ids, not empty.
    """
    share = -(-partitions // len(members))
    load = dict.fromkeys(members, 0)
    owners = []
    for partition in range(partitions):
        ranked = sorted(members, key=lambda member: crc32(f"{member}/{partition}".encode()), reverse=True)
        owner = next(member for member in ranked if load[member] < share)
        load[owner] += 1
        owners.append(owner)
    return owners
