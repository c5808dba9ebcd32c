"""Ed25519 signatures (RFC 8032) over weights and initialisations: who made them, before a byte of them is parsed.

A record of `line-weights` carries its signature in a header, over its key and its value: the key names
line and version, the value holds the manifest (initialisation, feature hash) and all arrays. So nothing
can be moved to another line or version, and a deletion is signed like what it deletes. An initialisation
has its signature beside it, in a file of the same name and `.sig`.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from stream.errors import UsageError, WeightsRefusedError

HEADER = "signature"
SUFFIX = ".sig"
_REASON = "signature"
# What is signed begins with what it is, so that no signature of one kind fits the other.
_RECORD, _FILE = b"foreshot line-weights record 1\0", b"foreshot initialisation file 1\0"

Headers = Iterable[tuple[str, bytes | None]]


class Signer:
    """Signs with one private key."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        """Hold a key."""
        self._key = key

    @classmethod
    def read(cls, path: Path) -> "Signer":
        """Read a key's PEM file.

        Raises:
            UsageError: It cannot be read or is no private Ed25519 key.
        """
        try:
            key = load_pem_private_key(_content(path), None)
        except (ValueError, TypeError):
            key = None
        if not isinstance(key, Ed25519PrivateKey):
            raise UsageError(f"{path}: is no private Ed25519 key (PEM, without password); see `foreshot weights keys`")
        return cls(key)

    @property
    def public(self) -> Ed25519PublicKey:
        """The public half."""
        return self._key.public_key()

    def pem(self) -> tuple[bytes, bytes]:
        """Return the private and the public half as PEM."""
        private = self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return private, self.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def of_record(self, key: bytes, value: bytes | None) -> bytes:
        """Return the signature of a record of `line-weights`; a value of None deletes."""
        return self._key.sign(_record(key, value))

    def sign_file(self, path: Path) -> Path:
        """Write an initialisation's signature beside it and return its file."""
        beside = signature_file(path)
        beside.write_bytes(b64encode(self._key.sign(_FILE + path.read_bytes())) + b"\n")
        return beside


class Trust:
    """Public keys, any of which may have signed; without keys everything is let through."""

    def __init__(self, keys: Sequence[Ed25519PublicKey] = ()) -> None:
        """Trust these keys."""
        self._keys = tuple(keys)

    @classmethod
    def read(cls, paths: Iterable[Path]) -> "Trust":
        """Read keys' PEM files.

        Raises:
            UsageError: One cannot be read or is no public Ed25519 key.
        """
        return cls([_public_key(path) for path in paths])

    def __bool__(self) -> bool:
        """Tell whether signatures are asked for."""
        return bool(self._keys)

    def knows(self, signer: Signer) -> bool:
        """Tell whether what this signer signs is taken."""
        return not self._keys or signer.public in self._keys

    def check_record(self, key: bytes, value: bytes | None, headers: Headers) -> None:
        """Let a record of `line-weights` through.

        Raises:
            WeightsRefusedError: It is not signed, or by none of the keys, or was changed since.
        """
        if self._keys:
            self._check(_record(key, value), next((one for name, one in headers if name == HEADER), None))

    def check_file(self, path: Path, content: bytes) -> None:
        """Let an initialisation through.

        Raises:
            WeightsRefusedError: As for a record.
        """
        if not self._keys:
            return
        try:
            signature = b64decode(signature_file(path).read_bytes().strip(), validate=True)
        except FileNotFoundError:
            signature = None
        except (OSError, ValueError) as error:
            raise WeightsRefusedError(_REASON, f"{signature_file(path)} cannot be read: {error}") from error
        self._check(_FILE + content, signature)

    def _check(self, message: bytes, signature: bytes | None) -> None:
        if signature is None:
            raise WeightsRefusedError(_REASON, "not signed")
        for key in self._keys:
            try:
                key.verify(signature, message)
            except InvalidSignature:
                continue
            return
        raise WeightsRefusedError(_REASON, "signed by none of the trusted keys, or changed or moved since")


def signature_file(path: Path) -> Path:
    """Return where an initialisation's signature stands."""
    return path.with_name(path.name + SUFFIX)


def new_signer() -> Signer:
    """Return a signer with a key of its own."""
    return Signer(Ed25519PrivateKey.generate())


def _record(key: bytes, value: bytes | None) -> bytes:
    content = b"-" if value is None else b"=" + value
    return _RECORD + len(key).to_bytes(4, "big") + key + content


def _public_key(path: Path) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(_content(path))
    except ValueError:
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise UsageError(f"{path}: is no public Ed25519 key (PEM); see `foreshot weights keys`")
    return key


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
