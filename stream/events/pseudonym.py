"""A keyed hash in a subject's place: the same subject the same name, and no way back without the key.

BLAKE2b with a key, RFC 7693: a plain hash of a card's number is found by trying all numbers.
"""

from hashlib import blake2b
from secrets import token_bytes

LEAST_KEY_BYTES, MOST_KEY_BYTES = 16, blake2b.MAX_KEY_SIZE
_DIGEST_BYTES = 16


class Pseudonyms:
    """Names subjects by one key.

    Example:
        >>> pseudonyms = Pseudonyms(b"sixteen bytes..." )
        >>> pseudonyms.of("card-17") == pseudonyms.of("card-17") != pseudonyms.of("card-18")
        True
    """

    def __init__(self, key: bytes) -> None:
        """Hold a key.

        Raises:
            ValueError: It is shorter than 16 bytes or longer than 64.
        """
        if not LEAST_KEY_BYTES <= len(key) <= MOST_KEY_BYTES:
            raise ValueError(f"a key of {LEAST_KEY_BYTES} to {MOST_KEY_BYTES} bytes is needed, not of {len(key)}")
        self._keyed = blake2b(key=key, digest_size=_DIGEST_BYTES)

    @classmethod
    def of_this_process(cls) -> "Pseudonyms":
        """Return pseudonyms by a key that nobody knows and that ends with the process."""
        return cls(token_bytes(MOST_KEY_BYTES))

    def of(self, subject: str) -> str:
        """Return a subject's pseudonym: `~` and 32 hexadecimal digits."""
        hashed = self._keyed.copy()
        hashed.update(subject.encode(errors="surrogatepass"))
        return f"~{hashed.hexdigest()}"
