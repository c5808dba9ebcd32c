"""How Kafka is reached: what does not go together is refused by the setting's name before anything connects."""

import pytest

from stream.errors import UsageError
from stream.settings import Settings, load_settings
from stream.transport.app import _credentials
from stream.transport.cluster import Cluster, cluster_of
from tests.builders.certificates import Authority

PLANTED = "planted-Pa55word-of-a-test"
LOGIN = {"security_protocol": "SASL_SSL", "sasl_username": "ana", "sasl_password": PLANTED}
TLS = {"security_protocol": "SSL"}


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("certificates"), "authority")


@pytest.fixture(scope="module")
def files(authority, tmp_path_factory):
    """Return files by name: the authority's, a certificate with its key, each alone, another's key, and rubbish."""
    folder = tmp_path_factory.mktemp("files")
    both = authority.sign("client").read_text()
    end = both.index("-----BEGIN CERTIFICATE")
    found = {"authority": authority.file, "both": authority.sign("client"), "missing": folder / "missing"}
    contents = {
        "key": both[:end],
        "certificate": both[end:],
        "other": authority.sign("other").read_text(),
        "rubbish": "x",
    }
    contents |= {"password": PLANTED + "\n", "empty": ""}
    for name, content in contents.items():
        found[name] = folder / name
        found[name].write_text(content)
    # Signing anew made another key.
    found["both"].write_text(both)
    return {name: str(path) for name, path in found.items()}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({**TLS, "ssl_key_file": "key"}, "FORESHOT_SSL_KEY_FILE is set without FORESHOT_SSL_CERTIFICATE_FILE"),
        ({**TLS, "ssl_ca_file": "missing"}, "FORESHOT_SSL_CA_FILE: {missing} cannot be used: No such file"),
        ({**TLS, "ssl_ca_file": "rubbish"}, "FORESHOT_SSL_CA_FILE: {rubbish} cannot be used: it is not PEM"),
        ({**TLS, "ssl_certificate_file": "missing"}, "FORESHOT_SSL_CERTIFICATE_FILE: {missing} cannot be used"),
        ({**TLS, "ssl_certificate_file": "certificate", "ssl_key_file": "missing"}, "FORESHOT_SSL_KEY_FILE: {missing}"),
        ({**TLS, "ssl_certificate_file": "rubbish"}, "FORESHOT_SSL_CERTIFICATE_FILE: {rubbish} cannot be used"),
        ({**TLS, "ssl_certificate_file": "certificate"}, "FORESHOT_SSL_CERTIFICATE_FILE: {certificate} cannot be used"),
        (
            {**TLS, "ssl_certificate_file": "certificate", "ssl_key_file": "other"},
            "FORESHOT_SSL_KEY_FILE: {other} cannot be used: it is not the key of FORESHOT_SSL_CERTIFICATE_FILE",
        ),
        ({"ssl_ca_file": "authority"}, "FORESHOT_SSL_CA_FILE is set but FORESHOT_SECURITY_PROTOCOL is PLAINTEXT"),
        ({"sasl_password": PLANTED}, "FORESHOT_SASL_PASSWORD is set but FORESHOT_SECURITY_PROTOCOL is PLAINTEXT"),
        ({**TLS, "sasl_username": "ana"}, "FORESHOT_SASL_USERNAME is set but FORESHOT_SECURITY_PROTOCOL is SSL"),
        ({**LOGIN, "sasl_username": ""}, "FORESHOT_SASL_USERNAME is not set; SASL_SSL needs a user"),
        ({**LOGIN, "sasl_password": ""}, "user ana has no password; set FORESHOT_SASL_PASSWORD_FILE"),
        ({**LOGIN, "sasl_password_file": "password"}, "FORESHOT_SASL_PASSWORD and FORESHOT_SASL_PASSWORD_FILE"),
        ({**LOGIN, "sasl_password": "", "sasl_password_file": "missing"}, "_PASSWORD_FILE: {missing} cannot be"),
        ({**LOGIN, "sasl_password": "", "sasl_password_file": "empty"}, "_PASSWORD_FILE: {empty} is empty"),
        ({"security_protocol": "TLS"}, "setting security_protocol: "),
        ({**LOGIN, "sasl_mechanism": "GSSAPI"}, "setting sasl_mechanism: "),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_refused_by_the_settings_name_and_without_the_secret(files, given, said):
    settings = {name: files.get(value, value) for name, value in given.items()}
    with pytest.raises(UsageError) as refused:
        cluster_of(load_settings({}, **settings))
    assert said.format(**files) in str(refused.value)
    assert PLANTED not in str(refused.value)


def test_a_key_with_a_password_needs_it(authority, tmp_path):
    from cryptography.hazmat.primitives import serialization as to  # noqa: PLC0415

    both = authority.sign("locked").read_bytes()
    key = to.load_pem_private_key(both, None)
    locked = key.private_bytes(to.Encoding.PEM, to.PrivateFormat.PKCS8, to.BestAvailableEncryption(PLANTED.encode()))
    (tmp_path / "key").write_bytes(locked)
    (tmp_path / "certificate").write_bytes(both)
    (tmp_path / "password").write_text(PLANTED)
    given = {**TLS, "ssl_certificate_file": str(tmp_path / "certificate"), "ssl_key_file": str(tmp_path / "key")}
    assert cluster_of(load_settings({}, **given, ssl_key_password_file=str(tmp_path / "password"))).protocol == "SSL"
    for wrong in ({}, {"ssl_key_password": "wrong"}):
        with pytest.raises(UsageError, match=r"FORESHOT_SSL_KEY_FILE: .* its password is not that of"):
            cluster_of(load_settings({}, **given, **wrong))


def test_every_client_gets_the_same_way_in(files):
    found = cluster_of(load_settings({}, **LOGIN, ssl_ca_file=files["authority"], bootstrap_servers="a:1, b:2"))
    options = found.options()
    assert options.pop("ssl_context").check_hostname
    assert options == {
        "bootstrap_servers": ["a:1", "b:2"],
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "ana",
        "sasl_plain_password": PLANTED,
    }
    fausts = _credentials(found)
    assert (fausts.protocol.value, fausts.mechanism.value) == ("SASL_SSL", "SCRAM-SHA-512")
    assert (fausts.username, fausts.password, fausts.ssl_context) == ("ana", PLANTED, found.ssl_context)


def test_without_security_clients_get_addresses_alone():
    assert cluster_of(Settings()) == Cluster.plain("127.0.0.1:9092")
    assert Cluster.plain("a:1").options() == {"bootstrap_servers": ["a:1"], "security_protocol": "PLAINTEXT"}
    assert _credentials(Cluster.plain("a:1")) is None


def test_secrets_do_not_show_wherever_settings_or_a_cluster_are_shown():
    settings = load_settings({}, **LOGIN, pseudonym_key=PLANTED)
    for shown in (repr(settings), str(settings), str(settings.model_dump()), settings.model_dump_json()):
        assert PLANTED not in shown
    found = cluster_of(settings)
    for shown in (repr(found), str(found), repr(found.login), repr(_credentials(found))):
        assert PLANTED not in shown


def test_a_password_file_may_come_from_windows(tmp_path):
    (tmp_path / "password").write_bytes(PLANTED.encode() + b"\r\n")
    given = {**LOGIN, "sasl_password": "", "sasl_password_file": str(tmp_path / "password")}
    assert cluster_of(load_settings({}, **given)).options()["sasl_plain_password"] == PLANTED


@pytest.mark.parametrize(
    ("servers", "clear"),
    [("127.0.0.1:9092,localhost:1,[::1]:2", False), ("kafka:9092", True), ("127.0.0.1:9092,kafka:9092", True)],
)
def test_what_is_said_to_another_machine_without_tls_can_be_read_on_the_way(servers, clear, files):
    assert Cluster.plain(servers).is_in_the_clear == clear
    assert not cluster_of(
        load_settings({}, **TLS, ssl_ca_file=files["authority"], bootstrap_servers=servers)
    ).is_in_the_clear
