"""One real Kafka with a port for each way in: a password, a certificate, and brokers that show bad ones."""

import time

from cryptography import x509
from kafka.admin import (
    ACL,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourceType,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from stream.transport.clients import connect_admin
from stream.transport.cluster import Cluster
from stream.transport.embedded_broker import EmbeddedBroker, Listener
from stream.transport.permission import protocol_name
from tests.builders.certificates import Authority

_JAAS = "org.apache.kafka.common.security"
_TYPES = {"topic": ResourceType.TOPIC, "group": ResourceType.GROUP, "transactional-id": ResourceType.TRANSACTIONAL_ID}


class SecuredBroker:
    """A broker whose plain port is the administrator's, and what clients need for the others."""

    def __init__(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.authority = Authority(folder, "authority")
        self.stranger = Authority(folder, "stranger")
        good = self._tls(self.authority.sign("broker"))
        expired = self._tls(self.authority.sign("expired-broker", expired=True))
        elsewhere = self._tls(self.authority.sign("broker-elsewhere", host=x509.DNSName("elsewhere.example")))
        logins = {
            "sasl.enabled.mechanisms": "SCRAM-SHA-512,SCRAM-SHA-256,PLAIN",
            "scram-sha-512.sasl.jaas.config": f"{_JAAS}.scram.ScramLoginModule required;",
            "scram-sha-256.sasl.jaas.config": f"{_JAAS}.scram.ScramLoginModule required;",
            "plain.sasl.jaas.config": f'{_JAAS}.plain.PlainLoginModule required user_plain="plain-secret";',
        }
        self._broker = EmbeddedBroker(
            folder / "kafka",
            listeners=[
                Listener("LOGIN", "SASL_SSL", {**good, **logins}),
                Listener("CLEAR", "SASL_PLAINTEXT", logins),
                Listener("MUTUAL", "SSL", {**good, "ssl.client.auth": "required"}),
                Listener("EXPIRED", "SASL_SSL", {**expired, **logins}),
                Listener("ELSEWHERE", "SASL_SSL", {**elsewhere, **logins}),
            ],
            settings={
                "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
                "super.users": "User:ANONYMOUS",
            },
        )

    def _tls(self, keystore):
        return {
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(keystore),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self.authority.file),
        }

    def __enter__(self):
        self._broker.start()
        self.admin = connect_admin(Cluster.plain(self._broker.bootstrap_servers))
        return self

    def __exit__(self, *_):
        self.admin.close()
        self._broker.stop()

    @property
    def plain(self):
        return Cluster.plain(self._broker.bootstrap_servers)

    def add_user(self, name, password):
        # Kafka takes one credential of a user in one request.
        for mechanism in (ScramMechanism.SCRAM_SHA_512, ScramMechanism.SCRAM_SHA_256):
            one = UserScramCredentialUpsertion(name, mechanism, password.encode())
            assert self.admin.alter_user_scram_credentials([one]) == {name: None}
        deadline = time.monotonic() + 10
        while len(self._credentials(name)) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def _credentials(self, name):
        return self.admin.describe_user_scram_credentials().get(name, {"credential_infos": []})["credential_infos"]

    def allow(self, principal, permissions):
        acls = [_acl(principal, one, name) for one in permissions for name in one.operations]
        assert not self.admin.create_acls(acls)["failed"]
        self._wait_for(acls, there=True)

    def forbid(self, principal, permission):
        acls = [_acl(principal, permission, name) for name in permission.operations]
        assert all(found for _, found, _ in self.admin.delete_acls(acls))
        self._wait_for(acls, there=False)

    def _wait_for(self, acls, *, there):
        # The broker follows the controller a little later.
        deadline = time.monotonic() + 10
        while any(bool(self.admin.describe_acls(one)[0]) != there for one in acls):
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def login(self, name, password, listener="LOGIN"):
        """Return the settings of a client that logs in."""
        return {
            "bootstrap_servers": self._broker.servers_of(listener),
            "security_protocol": "SASL_PLAINTEXT" if listener == "CLEAR" else "SASL_SSL",
            **({} if listener == "CLEAR" else {"ssl_ca_file": str(self.authority.file)}),
            "sasl_username": name,
            "sasl_password": password,
        }

    def certified(self, certificate):
        """Return the settings of a client that shows a certificate."""
        return {
            "bootstrap_servers": self._broker.servers_of("MUTUAL"),
            "security_protocol": "SSL",
            "ssl_ca_file": str(self.authority.file),
            **({"ssl_certificate_file": str(certificate)} if certificate else {}),
        }


def _acl(principal, permission, operation):
    pattern = ACLResourcePatternType.PREFIXED if permission.prefixed else ACLResourcePatternType.LITERAL
    where = ResourcePattern(_TYPES[permission.resource], permission.name, pattern)
    return ACL(principal, "*", ACLOperation[protocol_name(operation)], ACLPermissionType.ALLOW, where)
