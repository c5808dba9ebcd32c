"""How Kafka is reached: addresses, TLS and login, checked before any client is made."""

import ssl
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from stream.errors import UsageError
from stream.settings import Settings, secret_of, variable

_OWN_HOSTS = ("localhost", "::1")
_TLS_FIELDS = ("ssl_ca_file", "ssl_certificate_file", "ssl_key_file", "ssl_key_password", "ssl_key_password_file")
_SASL_FIELDS = ("sasl_username", "sasl_password", "sasl_password_file")


@dataclass(frozen=True, slots=True)
class Login:
    """Who logs in with SASL."""

    mechanism: str
    username: str
    password: SecretStr


@dataclass(frozen=True, slots=True)
class Cluster:
    """One Kafka cluster, as every client of this process reaches it.

    Attributes:
        servers: Addresses, host:port.
        ssl_context: Checks the brokers' certificates and shows ours; None without TLS.
        login: None without SASL.
    """

    servers: tuple[str, ...]
    ssl_context: ssl.SSLContext | None = None
    login: Login | None = None

    @classmethod
    def plain(cls, bootstrap_servers: str) -> "Cluster":
        """Return a cluster without TLS or login: the embedded one."""
        return cls(tuple(bootstrap_servers.split(",")))

    @property
    def protocol(self) -> str:
        """Kafka's name of how brokers are spoken to."""
        if self.login is None:
            return "PLAINTEXT" if self.ssl_context is None else "SSL"
        return "SASL_PLAINTEXT" if self.ssl_context is None else "SASL_SSL"

    @property
    def addresses(self) -> str:
        """All addresses, separated by commas, for a person."""
        return ",".join(self.servers)

    @property
    def is_secured(self) -> bool:
        """Whether there is TLS or a login."""
        return self.protocol != "PLAINTEXT"

    @property
    def is_in_the_clear(self) -> bool:
        """Whether what is said to another machine can be read on the way."""
        hosts = {server.rpartition(":")[0].strip("[]") for server in self.servers}
        return self.ssl_context is None and not all(one in _OWN_HOSTS or one.startswith("127.") for one in hosts)

    @property
    def who(self) -> str:
        """Who we are to Kafka, for a person."""
        if self.login is not None:
            return f"user {self.login.username}"
        return "this client" if self.ssl_context is None else "the owner of this client's certificate"

    def options(self) -> dict[str, Any]:
        """Return the arguments of a client; kafka-python and aiokafka name them alike."""
        found: dict[str, Any] = {"bootstrap_servers": list(self.servers), "security_protocol": self.protocol}
        if self.ssl_context is not None:
            found["ssl_context"] = self.ssl_context
        if self.login is not None:
            found["sasl_mechanism"] = self.login.mechanism
            found["sasl_plain_username"] = self.login.username
            found["sasl_plain_password"] = self.login.password.get_secret_value()
        return found


def cluster_of(settings: Settings) -> Cluster:
    """Return the cluster that settings describe; files are read now, so changed ones need a restart.

    Raises:
        UsageError: The settings do not go together, or a file cannot be used.
    """
    protocol = settings.security_protocol
    _refuse_unused(settings, _TLS_FIELDS, used=protocol in ("SSL", "SASL_SSL"), needed="SSL or SASL_SSL")
    _refuse_unused(settings, _SASL_FIELDS, used=protocol.startswith("SASL_"), needed="SASL_SSL or SASL_PLAINTEXT")
    return Cluster(
        tuple(one.strip() for one in settings.bootstrap_servers.split(",")),
        _ssl_context(settings) if protocol in ("SSL", "SASL_SSL") else None,
        _login(settings) if protocol.startswith("SASL_") else None,
    )


def _refuse_unused(settings: Settings, names: tuple[str, ...], *, used: bool, needed: str) -> None:
    # Who names an authority or a user believes to be protected by it.
    for name in names:
        if not used and getattr(settings, name):
            raise UsageError(
                f"{variable(name)} is set but FORESHOT_SECURITY_PROTOCOL is {settings.security_protocol}; "
                f"set that to {needed}, or leave the other out"
            )


def _login(settings: Settings) -> Login:
    if not settings.sasl_username:
        raise UsageError(f"FORESHOT_SASL_USERNAME is not set; {settings.security_protocol} needs a user")
    password = secret_of(settings, "sasl_password")
    if not password:
        raise UsageError(
            f"user {settings.sasl_username} has no password; set FORESHOT_SASL_PASSWORD_FILE or FORESHOT_SASL_PASSWORD"
        )
    return Login(settings.sasl_mechanism, settings.sasl_username, SecretStr(password))


def _ssl_context(settings: Settings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=settings.ssl_ca_file or None)
    except (OSError, ValueError) as error:
        raise _unusable("ssl_ca_file", settings.ssl_ca_file, error) from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.ssl_key_file and not settings.ssl_certificate_file:
        raise UsageError(
            "FORESHOT_SSL_KEY_FILE is set without FORESHOT_SSL_CERTIFICATE_FILE; a key needs its certificate"
        )
    if settings.ssl_certificate_file:
        _show_certificate(context, settings)
    return context


def _show_certificate(context: ssl.SSLContext, settings: Settings) -> None:
    password = secret_of(settings, "ssl_key_password")
    # A file that is missing is told apart here: OpenSSL says the same of either.
    for name in ("ssl_certificate_file", "ssl_key_file"):
        if file := getattr(settings, name):
            _open(name, file)
    try:
        # Without a password at hand OpenSSL would ask the terminal for it.
        context.load_cert_chain(settings.ssl_certificate_file, settings.ssl_key_file or None, lambda: password)
    except (OSError, ValueError) as error:
        name = "ssl_key_file" if settings.ssl_key_file else "ssl_certificate_file"
        raise _unusable(name, getattr(settings, name), error) from None


def _open(name: str, file: str) -> None:
    try:
        with open(file, "rb"):  # noqa: PTH123 - pathlib's open is the same
            pass
    except OSError as error:
        raise _unusable(name, file, error) from None


def _unusable(name: str, file: str, error: Exception) -> UsageError:
    return UsageError(f"{variable(name)}: {file} cannot be used: {_reason(name, error)}")


def _reason(name: str, error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        if error.reason == "KEY_VALUES_MISMATCH":
            return "it is not the key of FORESHOT_SSL_CERTIFICATE_FILE"
        password = "" if name == "ssl_ca_file" else ", or its password is not that of FORESHOT_SSL_KEY_PASSWORD_FILE"
        return f"it is not PEM as needed here{password}"
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
