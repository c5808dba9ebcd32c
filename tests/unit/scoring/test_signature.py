"""Signatures: only what a trusted key signed, as it was signed and where it was signed for."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from stream.errors import UsageError, WeightsRefusedError
from stream.scoring.signature import HEADER, Signer, Trust, new_signer, signature_file
from stream.settings import load_settings
from stream.weights_keys import signer_of, trust_of

KEY, VALUE = b"cards\x003", b"weights of cards"


@pytest.fixture
def signer():
    return new_signer()


@pytest.fixture
def keys_of(tmp_path):
    def write(signer, name="key"):
        files = tmp_path / f"{name}.pem", tmp_path / f"{name}.pub"
        for file, content in zip(files, signer.pem(), strict=True):
            file.write_bytes(content)
        return files

    return write


def why(trust, key, value, *headers):
    with pytest.raises(WeightsRefusedError) as refused:
        trust.check_record(key, value, headers)
    assert refused.value.reason == "signature"
    return str(refused.value)


def test_what_a_trusted_key_signed_is_taken_and_so_is_its_deletion(signer):
    trust = Trust([signer.public])
    for value in (VALUE, b"", None):
        trust.check_record(KEY, value, [("other", b"x"), (HEADER, signer.of_record(KEY, value))])


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (b"wallets\x003", VALUE),
        (b"cards\x004", VALUE),
        (KEY, VALUE + b"\0"),
        (KEY, VALUE[:-1]),
        (KEY, None),
        (KEY + VALUE[:1], VALUE[1:]),
        (KEY[:-1], KEY[-1:] + VALUE),
    ],
)
def test_a_signature_moved_to_another_line_version_or_content_is_refused(signer, key, value):
    assert "changed or moved" in why(Trust([signer.public]), key, value, (HEADER, signer.of_record(KEY, VALUE)))


def test_the_signature_of_a_deletion_does_not_sign_an_empty_record(signer):
    why(Trust([signer.public]), KEY, b"", (HEADER, signer.of_record(KEY, None)))


@pytest.mark.parametrize("headers", [(), ((HEADER, None),), ((HEADER, b""),), ((HEADER, b"x" * 64),)])
def test_what_is_not_signed_is_refused(signer, headers):
    why(Trust([signer.public]), KEY, VALUE, *headers)


def test_another_key_is_refused_until_it_is_trusted_beside_the_first(signer):
    other = new_signer()
    header = (HEADER, other.of_record(KEY, VALUE))
    why(Trust([signer.public]), KEY, VALUE, header)
    Trust([signer.public, other.public]).check_record(KEY, VALUE, [header])


def test_without_keys_nothing_is_asked():
    Trust().check_record(KEY, VALUE, [])
    assert not Trust()


def test_a_file_is_taken_as_it_was_signed_and_refused_changed_unsigned_or_as_a_record(signer, tmp_path):
    file, trust = tmp_path / "init.safetensors", Trust([signer.public])
    file.write_bytes(VALUE)
    with pytest.raises(WeightsRefusedError, match="not signed"):
        trust.check_file(file, VALUE)
    assert signer.sign_file(file) == signature_file(file)
    trust.check_file(file, VALUE)
    for content in (VALUE + b"x", b""):
        with pytest.raises(WeightsRefusedError, match="changed or moved"):
            trust.check_file(file, content)
    for text in (b"\xff", b"no base64!", b""):
        signature_file(file).write_bytes(text)
        with pytest.raises(WeightsRefusedError):
            trust.check_file(file, VALUE)


def test_keys_come_back_from_their_files_and_may_be_several(signer, keys_of):
    other = new_signer()
    private, public = keys_of(signer)
    trusted = f"{keys_of(other, 'other')[1]}, {public}"
    settings = load_settings({}, signing_key_file=str(private), trusted_key_files=trusted)
    header = (HEADER, signer_of(settings).of_record(KEY, VALUE))
    trust_of(settings).check_record(KEY, VALUE, [header])


def test_a_learner_that_nobody_would_believe_does_not_begin(signer, keys_of):
    (private, public), (_, foreign) = keys_of(signer), keys_of(new_signer(), "other")
    with pytest.raises(UsageError, match="no key to sign with"):
        signer_of(load_settings({}, trusted_key_files=str(public)))
    with pytest.raises(UsageError, match="nobody would take"):
        signer_of(load_settings({}, signing_key_file=str(private), trusted_key_files=str(foreign)))
    assert signer_of(load_settings({})) is None


def test_files_that_are_no_ed25519_keys_are_said_in_one_line(signer, keys_of, tmp_path):
    private, public = keys_of(signer)
    curve = generate_private_key(SECP256R1())
    rubbish, other, locked = (tmp_path / name for name in ("rubbish", "curve", "locked"))
    rubbish.write_bytes(b"-----BEGIN PRIVATE KEY-----\nrubbish")
    other.write_bytes(
        curve.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + curve.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    locked.write_bytes(signer._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")))
    for file in (public, rubbish, other, locked):
        with pytest.raises(UsageError, match="no private Ed25519 key"):
            Signer.read(file)
    for file in (private, rubbish, other):
        with pytest.raises(UsageError, match="no public Ed25519 key"):
            Trust.read([file])
    with pytest.raises(UsageError, match="cannot be read"):
        Trust.read([tmp_path / "none"])
