"""Turns a claim into hashes and numbers: BLAKE2b with a key (RFC 7693), so that trying all numbers finds none.

Without the key nothing of a document's number, parties or financier comes back. Amount, days, and the event's own
identifier are kept as they are; `docs/double_financing.md` says what can be read from that.
"""

from collections import OrderedDict
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


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A claim as one route keeps it.

    Attributes:
        route: By what it meets others.
        key: Where it is kept: documents that can match by this route have the same.
        row: Of dtype ROW, [1].
        marks: uint32 [MARKS of the route].
    """

    route: Route
    key: int
    row: npt.NDArray[np.void]
    marks: npt.NDArray[np.uint32]


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

    def of(self, claim: Claim) -> list[Fingerprint]:
        """Return a claim's fingerprints by pair and by number; without an amount only by pair."""
        plain = plain_number(claim.number)
        number = without_zeros(plain)
        seller, buyer = self._party(claim.seller), self._party(claim.buyer)
        first, second = sorted((seller[0], buyer[0]))
        pair = self._hash("pair", b"%d %d" % (first, second))
        long = len(number) >= _LONG_NUMBER
        amount = UNKNOWN if claim.amount_minor is None else claim.amount_minor
        flags = SWAPPED * (seller[0] > buyer[0]) + LONG * long + TELLING * (amount % _ROUND_MINOR != 0)
        event = self.event_code(claim.event_id)
        same = (
            self.financier(claim.financier),
            *(int.from_bytes(event[at : at + 8], "big") for at in (0, 8, 16)),
            claim.occurred_at_s,
            amount,
            WHOLE if claim.part_minor is None else claim.part_minor,
            _day(claim.issue_date),
            _day(claim.due_date),
            pack_currency(claim.currency),
            claim.position,
            claim.kind,
            flags,
        )
        issued = f"{claim.type} {number}"
        hashed = self._hash("number", issued.encode())
        marks = self._deletions(claim, plain, number) if long else np.zeros(MARKS[Route.PAIR], np.uint32)
        by_pair = _row((pair, hashed, *same, self._tail(pair, number)))
        prints = [Fingerprint(Route.PAIR, pair, by_pair, marks)]
        if amount != UNKNOWN:
            key = self._hash("key", f"{issued} {amount} {claim.currency}".encode())
            parties = np.array([seller[1], seller[2], buyer[1], buyer[2]], np.uint32)
            prints.append(Fingerprint(Route.NUMBER, key, _row((pair, key, *same, NO_TAIL)), parties))
        return prints

    def financier(self, identifier: str) -> int:
        """Return the hash by which a financier is kept, 0 of none."""
        return self._hash("financier", comparable(identifier).encode()) if identifier else 0

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

    def _party(self, party: Party) -> tuple[int, int, int]:
        known = party.id, party.name
        if (found := self._parties.get(known)) is not None:
            return found
        name = 0 if party.name is None else self._hash("name", skeleton(party.name).encode()) & _LOW
        identifier = self._hash("id", comparable(party.id).upper().encode()) & _LOW
        found = self._hash("party", party_identity(party).encode()), name, identifier
        self._parties[known] = found
        if len(self._parties) > _PARTIES_REMEMBERED:
            self._parties.popitem(last=False)
        return found

    def _deletions(self, claim: Claim, plain: str, number: str) -> npt.NDArray[np.uint32]:
        marks = np.zeros(MARKS[Route.PAIR], np.uint32)
        if claim.kind is Kind.CANCELLATION:
            return marks
        last = len(plain) - 1
        edited = [number[:-1], number[:-2], *(plain[:at] + plain[at + 1 :] for at in range(last - 1, -1, -1))]
        if plain != number:
            edited[2:2] = [plain, plain[:-1]]
        prefix = f"{claim.type} "
        for at, text in enumerate(edited[: len(marks)]):
            marks[at] = self._hash("number", (prefix + text).encode()) & _LOW
        if len(number) - 2 < _LONG_NUMBER:
            marks[1] = 0
        return marks

    def _tail(self, pair: int, number: str) -> int:
        place = sequence(number)
        if place is None:
            return NO_TAIL
        return (place + self._hash("tail", b"%d" % pair)) % TAIL_MODULUS

    def _hash(self, kind: str, text: bytes) -> int:
        hashed = self._keyed[kind].copy()
        hashed.update(text)
        return int.from_bytes(hashed.digest(), "big")


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


def _row(values: tuple[Any, ...]) -> npt.NDArray[np.void]:
    return np.array([values], ROW)


def _day(day: date | None) -> int:
    return NO_DAY if day is None else day.toordinal() - _EPOCH


def _uuid(text: str) -> bytes | None:
    try:
        found = UUID(text)
    except ValueError:
        return None
    return found.bytes if str(found) == text else None
