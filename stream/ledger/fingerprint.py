"""Turns a claim into hashes and numbers: BLAKE2b with a key (RFC 7693), so that trying all numbers finds none.

Without the key nothing of a document's number, parties or financier comes back. Amount, days, and the event's own
identifier are kept as they are; `docs/double_financing.md` says what can be read from that.
"""

import struct
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt

from stream.events.pseudonym import LEAST_KEY_BYTES, MOST_KEY_BYTES
from stream.events.supply_chain.identifier import comparable
from stream.events.supply_chain.party import Party
from stream.ledger.claim import Claim, Kind
from stream.ledger.document_number import plain_number, sequence, without_zeros
from stream.ledger.party_name import party_identity, skeleton
from stream.ledger.rows import (
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
_UUID, _HASHED = b"\xfe", b"\xff"  # never the first byte of UTF-8
_PARTIES_REMEMBERED = 65_536
_LOW = 0xFFFFFFFF
_WORDS = struct.Struct(">3Q")


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
        kinds = ("number", "pair", "party", "name", "id", "financier", "tail", "key")
        self._keyed = {kind: blake2b(key=key, digest_size=8, person=kind.encode()) for kind in kinds}
        self._event = blake2b(key=key, digest_size=16, person=b"event")
        self._parties: OrderedDict[tuple[str, str | None], tuple[int, int, int]] = OrderedDict()

    def of(self, claims: Sequence[Claim]) -> dict[Route, Documents]:
        """Return claims as each route keeps them, in order; those without an amount only by pair."""
        pairs: list[tuple[Any, ...]] = []
        numbers: list[tuple[Any, ...]] = []
        deletions: list[list[int]] = []
        parties: list[tuple[int, ...]] = []
        for claim in claims:
            plain = plain_number(claim.number)
            number = without_zeros(plain)
            seller, buyer = self._party(claim.seller), self._party(claim.buyer)
            pair = self._pair(seller[0], buyer[0])
            same = self._same(claim, number, swapped=seller[0] > buyer[0])
            issued = f"{claim.type} {number}"
            pairs.append((pair, self._hash("number", issued), *same, self._tail(pair, number)))
            deletions.append(self._deletions(claim, plain, number))
            if claim.amount_minor is not None:
                key = self._hash("key", f"{issued} {claim.amount_minor} {claim.currency}")
                numbers.append((pair, key, *same, NO_TAIL))
                parties.append((*seller[1:], *buyer[1:]))
        return {
            Route.PAIR: _documents(pairs, deletions, Route.PAIR),
            Route.NUMBER: _documents(numbers, parties, Route.NUMBER),
        }

    def financier(self, identifier: str) -> int:
        """Return the hash by which a financier is kept, 0 of none."""
        return self._hash("financier", comparable(identifier)) if identifier else 0

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
        event = self.event_code(claim.event_id)
        amount = UNKNOWN if claim.amount_minor is None else claim.amount_minor
        long, telling = len(number) >= _LONG_NUMBER, amount % _ROUND_MINOR != 0
        return (
            self.financier(claim.financier),
            *_WORDS.unpack(event),
            claim.occurred_at_s,
            amount,
            WHOLE if claim.part_minor is None else claim.part_minor,
            _day(claim.issue_date),
            _day(claim.due_date),
            pack_currency(claim.currency),
            claim.position,
            int(claim.kind),
            SWAPPED * swapped + LONG * long + TELLING * telling,
        )

    def _pair(self, one: int, other: int) -> int:
        return self._hash("pair", f"{min(one, other)} {max(one, other)}")

    def _party(self, party: Party) -> tuple[int, int, int]:
        known = party.id, party.name
        if (found := self._parties.get(known)) is not None:
            return found
        name = 0 if party.name is None else self._hash("name", skeleton(party.name)) & _LOW
        identifier = self._hash("id", comparable(party.id).upper()) & _LOW
        found = self._hash("party", party_identity(party)), name, identifier
        self._parties[known] = found
        if len(self._parties) > _PARTIES_REMEMBERED:
            self._parties.popitem(last=False)
        return found

    def _deletions(self, claim: Claim, plain: str, number: str) -> list[int]:
        count = MARKS[Route.PAIR]
        if claim.kind is Kind.CANCELLATION or len(number) < _LONG_NUMBER:
            return [0] * count
        last = len(plain) - 1
        edited = [number[:-1], number[:-2], *(plain[:at] + plain[at + 1 :] for at in range(last - 1, -1, -1))]
        if plain != number:
            edited[2:2] = [plain, plain[:-1]]
        keyed = self._keyed["number"].copy()
        keyed.update(f"{claim.type} ".encode())
        marks = [_low_of(keyed, text) for text in edited[:count]]
        if len(number) - 2 < _LONG_NUMBER:
            marks[1] = 0
        return marks + [0] * (count - len(marks))

    def _tail(self, pair: int, number: str) -> int:
        place = sequence(number)
        return NO_TAIL if place is None else (place + self._hash("tail", str(pair))) % TAIL_MODULUS

    def _hash(self, kind: str, text: str) -> int:
        hashed = self._keyed[kind].copy()
        hashed.update(text.encode(errors="surrogatepass"))
        return int.from_bytes(hashed.digest(), "big")


def _low_of(keyed: blake2b, text: str) -> int:
    hashed = keyed.copy()
    hashed.update(text.encode(errors="surrogatepass"))
    return int.from_bytes(hashed.digest()[4:], "big")


def event_of(code: bytes) -> str:
    """Return an event's identifier from its code; `~` and hexadecimal digits where only a hash is there."""
    if code[:1] == _UUID:
        return str(UUID(bytes=code[1:17]))
    if code[:1] == _HASHED:
        return f"~{code[1:17].hex()}"
    return code.rstrip(b"\0").decode(errors="surrogatepass")


def pack_currency(code: str) -> int:
    """Return three capital letters as a number below 2**15."""
    first, second, third = (ord(letter) - 64 for letter in code)
    return first << 10 | second << 5 | third


def _documents(rows: list[tuple[Any, ...]], marks: Sequence[Sequence[int]], route: Route) -> Documents:
    return Documents(np.array(rows, ROW), np.array(marks, np.uint32).reshape(len(rows), MARKS[route]))


def _day(day: date | None) -> int:
    return NO_DAY if day is None else day.toordinal() - _EPOCH


def _uuid(text: str) -> bytes | None:
    try:
        found = UUID(text)
    except ValueError:
        return None
    return found.bytes if str(found) == text else None
