"""One permission that Kafka's authorizer must give, and which of them it does not give us."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kafka import KafkaAdminClient
from kafka.errors import GroupAuthorizationFailedError, KafkaError, TopicAuthorizationFailedError

from stream.errors import AccessRefusedError
from stream.transport.cluster import Cluster

FORBIDDEN = TopicAuthorizationFailedError.errno


@dataclass(frozen=True, slots=True)
class Permission:
    """Operations that one resource must allow.

    Attributes:
        resource: topic, group or transactional-id.
        name: In full, or what names begin with.
        operations: In Kafka's words; Read and Write imply Describe.
        prefixed: Whether it is for all that begin with the name.
    """

    resource: str
    name: str
    operations: tuple[str, ...]
    prefixed: bool = False

    def arguments(self, principal: str) -> str:
        """Return the arguments of `kafka-acls` that grant it."""
        operations = " ".join(f"--operation {one}" for one in self.operations)
        pattern = " --resource-pattern-type prefixed" if self.prefixed else ""
        return f"--add --allow-principal '{principal}' {operations} --{self.resource} '{self.name}'{pattern}"


def refuse_lacking(
    cluster: Cluster, admin: KafkaAdminClient, described: Mapping[str, Mapping[str, Any]], needed: Iterable[Permission]
) -> None:
    """Check permissions before they are needed; transactional ids cannot be asked for.

    Args:
        cluster: How Kafka was reached.
        admin: Asks for groups.
        described: Topics as Kafka describes them, by name.
        needed: What this command will do.

    Raises:
        AccessRefusedError: Some are lacking; all of them are named.
    """
    lacking: list[str] = []
    for one in needed:
        if one.resource == "topic" and one.name in described:
            lacking += _lacking_of_topic(one, described[one.name])
        elif one.resource == "group" and cluster.is_secured:
            lacking += _lacking_of_group(one, admin)
    if lacking:
        raise AccessRefusedError(
            f"{cluster.who} lacks {', '.join(lacking)}; grant what `foreshot topics permissions` lists "
            "(docs/security.md)"
        )


def _lacking_of_topic(needed: Permission, found: Mapping[str, Any]) -> Iterator[str]:
    permitted = _permitted(found) if found["error_code"] != FORBIDDEN else set()
    for operation in needed.operations:
        # Whether one may make what is there already does not matter.
        if (
            permitted is not None
            and protocol_name(operation) not in permitted
            and (operation != "Create" or found["error_code"])
        ):
            yield f"{operation} on topic {needed.name}"


def _lacking_of_group(needed: Permission, admin: KafkaAdminClient) -> Iterator[str]:
    try:
        permitted = _permitted(admin.describe_groups([needed.name])[needed.name])
    except GroupAuthorizationFailedError:
        permitted = set()
    except KafkaError:
        # No such group yet, or no coordinator: joining it will tell.
        return
    for operation in needed.operations:
        if permitted is not None and protocol_name(operation) not in permitted:
            yield f"{operation} on group {needed.name}"


def _permitted(found: Mapping[str, Any]) -> set[str] | None:
    operations = found.get("authorized_operations")
    return None if operations is None else set(operations)


def protocol_name(operation: str) -> str:
    """Return the name of an operation in Kafka's protocol, such as DESCRIBE_CONFIGS of DescribeConfigs."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", operation).upper()
