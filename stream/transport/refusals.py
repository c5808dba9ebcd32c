"""Says in one line why Kafka refused us: which broker, what is wrong, which setting to look at."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import aiokafka.errors
import kafka.errors

from stream.errors import AccessRefusedError, ForeshotError
from stream.transport.cluster import Cluster

_LIBRARIES = (kafka.errors, aiokafka.errors)
# RFC 5280 checks as OpenSSL numbers them, x509_vfy.h.
_NOT_YET_VALID, _EXPIRED, _WRONG_HOST, _WRONG_ADDRESS = 9, 10, 62, 64
_NO_TLS = ("WRONG_VERSION_NUMBER", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE", "HTTP_REQUEST")
_OURS = ("BAD_CERTIFICATE", "UNKNOWN_CA", "CERTIFICATE_", "HANDSHAKE_FAILURE")
_LONGEST_NAMES = 300
_PERMISSIONS = "grant what `foreshot topics permissions` lists (docs/security.md)"


def _of(name: str) -> tuple[type[Exception], ...]:
    return tuple(found for library in _LIBRARIES if (found := getattr(library, name, None)) is not None)


_WRONG_PASSWORD = (
    _of("SaslAuthenticationFailedError") + _of("SaslAuthenticationFailed") + _of("AuthenticationFailedError")
)
_WRONG_MECHANISM = _of("UnsupportedSaslMechanismError")
_NO_LOGIN_HERE = _of("IllegalSaslStateError")
_FORBIDDEN = {
    "topic": _of("TopicAuthorizationFailedError"),
    "group": _of("GroupAuthorizationFailedError"),
    "transactional id": _of("TransactionalIdAuthorizationFailedError") + _of("TransactionalIdAuthorizationFailed"),
    "cluster": _of("ClusterAuthorizationFailedError"),
}


def refusal(error: BaseException, cluster: Cluster, where: str = "a broker", doing: str = "") -> ForeshotError | None:
    """Return what a person is told where Kafka refused us, None where it is something else.

    Args:
        error: What a client raised; its causes and arguments are looked at as well.
        cluster: How Kafka was reached.
        where: The broker.
        doing: The permission that this takes.
    """
    for one in _chain(error):
        if isinstance(one, ssl.SSLError):
            return AccessRefusedError(f"{where}: {_tls_fault(one)}")
        if (said := _login_fault(one, cluster)) is not None:
            return AccessRefusedError(f"{where}: {said}")
        for what, kinds in _FORBIDDEN.items():
            if isinstance(one, kinds):
                lacks = doing or f"a permission on {what} {_named(one)}".rstrip()
                return AccessRefusedError(f"{cluster.who} lacks {lacks} ({_plain(one)}); {_PERMISSIONS}")
    return None


@contextmanager
def refusals_told(cluster: Cluster, doing: str) -> Iterator[None]:
    """Raise what Kafka refuses as one line.

    Raises:
        AccessRefusedError: A permission, a password or a certificate was refused.
    """
    try:
        yield
    except ForeshotError:
        raise
    except Exception as error:
        if (told := refusal(error, cluster, doing=doing)) is None:
            raise
        raise told from error


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, BaseException) and one not in seen:
            seen.append(one)
            yield one
            waiting += [*one.args, one.__cause__, one.__context__]


def _tls_fault(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _their_certificate(error)
    reason = error.reason or str(error)
    if any(part in reason for part in _NO_TLS):
        return "it speaks no TLS at this port; see FORESHOT_SECURITY_PROTOCOL and FORESHOT_BOOTSTRAP_SERVERS"
    if "CERTIFICATE_REQUIRED" in reason:
        return "it asks for this client's certificate; see FORESHOT_SSL_CERTIFICATE_FILE"
    if "ALERT" in reason and any(part in reason for part in _OURS):
        return (
            f"it refuses this client's certificate ({reason}); see FORESHOT_SSL_CERTIFICATE_FILE: it must "
            "be in force and signed by an authority that the broker knows"
        )
    return f"TLS failed ({reason}); see FORESHOT_SECURITY_PROTOCOL"


def _their_certificate(error: ssl.SSLCertVerificationError) -> str:
    code, said = error.verify_code, error.verify_message.rstrip(".")
    if code in (_EXPIRED, _NOT_YET_VALID):
        when = "has expired" if code == _EXPIRED else "is not in force yet"
        return f"its certificate {when}; renew it at the broker, or mend this machine's clock"
    if code in (_WRONG_HOST, _WRONG_ADDRESS):
        return f"its certificate is for another host ({said}); see FORESHOT_BOOTSTRAP_SERVERS and advertised.listeners"
    return f"its certificate is not signed by an authority known here ({said}); see FORESHOT_SSL_CA_FILE"


def _login_fault(error: BaseException, cluster: Cluster) -> str | None:
    login = cluster.login
    if isinstance(error, _NO_LOGIN_HERE) or (login is None and isinstance(error, _WRONG_PASSWORD)):
        return f"it takes no {cluster.protocol} at this port; see FORESHOT_SECURITY_PROTOCOL"
    if login is None:
        return None
    if isinstance(error, _WRONG_MECHANISM):
        return f"it does not log in with {login.mechanism}; see FORESHOT_SASL_MECHANISM"
    if isinstance(error, _WRONG_PASSWORD):
        return (
            f"it does not take user {login.username} with this password ({login.mechanism}); see "
            "FORESHOT_SASL_USERNAME and FORESHOT_SASL_PASSWORD_FILE"
        )
    return None


def _named(error: BaseException) -> str:
    # The clients give the resource's name, or a set of names, or a whole answer, as the one argument.
    found = error.args[0] if error.args else ""
    names = [found] if isinstance(found, str) else found if isinstance(found, set | frozenset | list | tuple) else []
    said = ", ".join(sorted(str(name) for name in names))
    return said if len(said) <= _LONGEST_NAMES and " " not in said.replace(", ", "") else ""


def _plain(error: BaseException) -> str:
    return type(error).__name__.removesuffix("Error")
