"""Turns a claim into hashes and numbers: BLAKE2b with a key (RFC 7693), so that trying all numbers finds none.

Without the key nothing of a document's number, parties or financier comes back. Amount, days, and the event's own
identifier are kept as they are; `docs/double_financing.md` says what can be read from that.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt

from stream.events.pseudonym import LEAST_KEY_BYTES, MOST_KEY_BYTES
from stream.events.supply_chain.identifier import comparable
from stream.events.supply_chain.party import Party
from stream.ledger.claim import Claim, Kind
from stream.ledger.document_number import plain_number, sequence, whole_number, without_zeros
from stream.ledger.party_name import party_identity, skeleton
from stream.ledger.rows import (
    DELETIONS,
    LONG,
    MARKS,
    NO_DAY,
    NO_TAIL,
    ROW,
    SWAPPED,
    TAIL_MODULUS,
    TELLING,
    UNKNOWN,
    WHOLE,
    Route,
)

_EPOCH = date(1970, 1, 1).toordinal()
_LONG_NUMBER = 4
# Amounts that are no multiple of a hundred units say more.
_ROUND_MINOR = 10_000
_EVENT_BYTES = 24
_CODE = struct.Struct(">3Q")
_UUID, _HASHED = b"\xfe", b"\xff"  # never the first byte of UTF-8
_PARTIES_REMEMBERED = 65_536
_FINANCIERS_REMEMBERED = 4_096
_NO_DELETIONS = bytes(8 * MARKS[Route.PAIR])
_WORDS = struct.Struct(">3Q")
_PAIR = struct.Struct(">2Q")
_PACKED = struct.Struct("<6Qd2q2i2H3B")  # as ROW has it


@dataclass(frozen=True, slots=True)
class Documents:
    """Claims as one route keeps them.

    Attributes:
        rows: Of dtype ROW, [documents].
        marks: uint32 [documents, MARKS of the route].
    """

    rows: npt.NDArray[np.void]
    marks: npt.NDArray[np.uint32]

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.rows)


class Fingerprints:
    """Makes fingerprints by one key; all workers of an installation have the same."""

    def __init__(self, key: bytes) -> None:
        """Hold a key.

        Raises:
            ValueError: It is shorter than 16 bytes or longer than 64.
        """
        if not LEAST_KEY_BYTES <= len(key) <= MOST_KEY_BYTES:
            raise ValueError(f"a key of {LEAST_KEY_BYTES} to {MOST_KEY_BYTES} bytes is needed, not of {len(key)}")
        kinds = ("number", "party", "name", "id", "financier", "key")
        self._keyed = {kind: blake2b(key=key, digest_size=8, person=kind.encode()) for kind in kinds}
        self._event = blake2b(key=key, digest_size=16, person=b"event")
        self._pair = blake2b(key=key, digest_size=16, person=b"pair")
        self._party = lru_cache(_PARTIES_REMEMBERED)(self._hash_party)
        self._financier = lru_cache(_FINANCIERS_REMEMBERED)(self._hash_financier)

    def of(self, claims: Sequence[Claim]) -> dict[Route, Documents]:
        """Return claims as each route keeps them, in order; those without an amount only by pair."""
        pairs: list[bytes] = []
        numbers: list[bytes] = []
        deletions: list[bytes] = []
        parties: list[bytes] = []
        for claim in claims:
            seller, buyer = (
                self._party(claim.seller.id, claim.seller.name),
                self._party(claim.buyer.id, claim.buyer.name),
            )
            pair, secret = self._pair_of(claim.type, seller[0], buyer[0])
            plain = plain_number(claim.number)
            number = without_zeros(plain)
            issued = f"{claim.type} {number}"
            same = self._same(claim, number, swapped=seller[0] > buyer[0])
            pairs.append(_PACKED.pack(pair, self._hash("number", issued), *same, _tail(claim, secret)))
            deletions.append(self._deletions(claim, plain, number))
            if claim.amount_minor is not None:
                key = self._hash("key", f"{issued} {claim.amount_minor} {claim.currency}")
                numbers.append(_PACKED.pack(pair, key, *same, NO_TAIL))
                parties.append(seller[1] + buyer[1])
        # Of each deletion's 8 bytes the last four.
        cut = np.frombuffer(b"".join(deletions), ">u4").reshape(len(pairs), MARKS[Route.PAIR], 2)[:, :, 1]
        of_parties = np.frombuffer(b"".join(parties), ">u4").reshape(len(numbers), MARKS[Route.NUMBER])
        return {
            Route.PAIR: Documents(np.frombuffer(b"".join(pairs), ROW), cut.astype(np.uint32)),
            Route.NUMBER: Documents(np.frombuffer(b"".join(numbers), ROW), of_parties.astype(np.uint32)),
        }

    def financier(self, identifier: str) -> int:
        """Return the hash by which a financier is kept, 0 of none."""
        return self._financier(identifier) if identifier else 0

    def event_code(self, event_id: str) -> bytes:
        """Return 24 bytes for an event's identifier: itself where it fits or is a UUID, else a keyed hash."""
        raw = event_id.encode(errors="surrogatepass")
        if len(raw) <= _EVENT_BYTES:
            return raw.ljust(_EVENT_BYTES, b"\0")
        if len(raw) == 36 and (found := _uuid(event_id)) is not None:
            return (_UUID + found).ljust(_EVENT_BYTES, b"\0")
        hashed = self._event.copy()
        hashed.update(raw)
        return (_HASHED + hashed.digest()).ljust(_EVENT_BYTES, b"\0")

    def _same(self, claim: Claim, number: str, *, swapped: bool) -> tuple[Any, ...]:
        amount = UNKNOWN if claim.amount_minor is None else claim.amount_minor
        return (
            self.financier(claim.financier),
            *_WORDS.unpack(self.event_code(claim.event_id)),
            claim.occurred_at_s,
            amount,
            WHOLE if claim.part_minor is None else claim.part_minor,
            _day(claim.issue_date),
            _day(claim.due_date),
            pack_currency(claim.currency),
            claim.position,
            int(claim.kind),
            SWAPPED * swapped + LONG * (len(number) >= _LONG_NUMBER) + TELLING * (amount % _ROUND_MINOR != 0),
        )

    def _pair_of(self, kind: str, one: int, other: int) -> tuple[int, int]:
        hashed = self._pair.copy()
        hashed.update(f"{kind} {min(one, other)} {max(one, other)}".encode())
        pair, secret = _PAIR.unpack(hashed.digest())
        return pair, secret

    def _hash_party(self, identifier: str, name: str | None) -> tuple[int, bytes]:
        party = Party(id=identifier, name=name)
        return self._hash("party", party_identity(party)), self._marks(party)

    def _marks(self, party: Party) -> bytes:
        name = bytes(4) if party.name is None else self._digest("name", skeleton(party.name))[4:]
        return name + self._digest("id", comparable(party.id).upper())[4:]

    def _hash_financier(self, identifier: str) -> int:
        return self._hash("financier", comparable(identifier))

    def _deletions(self, claim: Claim, plain: str, number: str) -> bytes:
        if claim.kind is Kind.CANCELLATION or len(number) < _LONG_NUMBER:
            return _NO_DELETIONS
        typed = self._keyed["number"].copy()
        typed.update(f"{claim.type} ".encode())
        copy, digests = typed.copy, [self._whole(claim)]
        for text in _edited(plain, number)[:DELETIONS]:
            hashed = copy()
            hashed.update(text)
            digests.append(hashed.digest())
        return b"".join(digests).ljust(len(_NO_DELETIONS), b"\0")

    def _whole(self, claim: Claim) -> bytes:
        whole = whole_number(claim.number)
        if whole is None or len(whole) < _LONG_NUMBER:
            return bytes(8)
        return self._digest("number", f"{claim.type} {whole}")

    def _hash(self, kind: str, text: str) -> int:
        return int.from_bytes(self._digest(kind, text), "big")

    def _digest(self, kind: str, text: str) -> bytes:
        hashed = self._keyed[kind].copy()
        hashed.update(text.encode(errors="surrogatepass"))
        return hashed.digest()


def _edited(plain: str, number: str) -> list[bytes]:
    """Return a number without each of its characters, the last first."""
    if plain.isascii():
        raw = plain.encode()
        deleted = [raw[:at] + raw[at + 1 :] for at in range(len(raw) - 1, -1, -1)]
    else:
        deleted = [_raw(plain[:at] + plain[at + 1 :]) for at in range(len(plain) - 1, -1, -1)]
    # Where zeros were cut off, an edit among them shows in the number as it was.
    return deleted if plain == number else [_raw(plain), *deleted]


def _raw(text: str) -> bytes:
    return text.encode(errors="surrogatepass")


def event_of(code: bytes) -> str:
    """Return an event's identifier from its code; `~` and hexadecimal digits where only a hash is there."""
    if code[:1] == _UUID:
        return str(UUID(bytes=code[1:17]))
    if code[:1] == _HASHED:
        return f"~{code[1:17].hex()}"
    return code.rstrip(b"\0").decode(errors="surrogatepass")


def event_id_of(row: Any) -> str:
    """Return the identifier of the event that a row is of.

    Args:
        row: One element of dtype ROW.
    """
    return event_of(_CODE.pack(row["event0"], row["event1"], row["event2"]))


@lru_cache(256)
def pack_currency(code: str) -> int:
    """Return three capital letters as a number below 2**15."""
    first, second, third = (ord(letter) - 64 for letter in code)
    return first << 10 | second << 5 | third


def _documents(rows: list[tuple[Any, ...]], marks: Sequence[Sequence[int]], route: Route) -> Documents:
    return Documents(np.array(rows, ROW), np.array(marks, np.uint32).reshape(len(rows), MARKS[route]))


def _tail(claim: Claim, secret: int) -> int:
    year = (claim.issue_date or datetime.fromtimestamp(claim.occurred_at_s, UTC)).year
    place = sequence(claim.number, year)
    return NO_TAIL if place is None else (place + secret) % TAIL_MODULUS


def _day(day: date | None) -> int:
    return NO_DAY if day is None else day.toordinal() - _EPOCH


def _uuid(text: str) -> bytes | None:
    try:
        found = UUID(text)
    except ValueError:
        return None
    return found.bytes if str(found) == text else None
