"""What travels on `document-claims`: an event on its way past the ledgers that its documents are kept in."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
import numpy as np
import numpy.typing as npt

from stream.events.event_time import EARLIEST_S, LATEST_S
from stream.events.match_reason import MatchReason
from stream.ledger.claim import Claim, Kind
from stream.ledger.fingerprint import Documents, Fingerprints
from stream.ledger.rows import MARKS, ROW, Route

_BY_ROUTE = {route: (ROW.itemsize, 4 * MARKS[route]) for route in Route}


class Visit(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One document's way to one ledger.

    Attributes:
        partition: Where that ledger is.
        route: By what.
        row: Of dtype ROW.
        marks: uint32, little-endian.
    """

    partition: Annotated[int, msgspec.Meta(ge=0)]
    route: Annotated[int, msgspec.Meta(ge=0, le=1)]
    row: bytes
    marks: bytes

    def fits(self) -> bool:
        """Return whether the bytes are a document of this version."""
        if (len(self.row), len(self.marks)) != _BY_ROUTE[Route(self.route)]:
            return False
        (row,) = np.frombuffer(self.row, ROW)
        return bool(row["kind"] <= max(Kind) and EARLIEST_S <= row["occurred_at_s"] < LATEST_S)


class ClaimRecord(msgspec.Struct, array_like=True, frozen=True):
    """An event with the visits that are left and what was found.

    Attributes:
        onward: Topic that it goes to in the end, without the installation's prefix.
        key: Its key there.
        value: The event as it came.
        produced_at_ms: When it was produced.
        financier: Who finances its documents, empty of a cancellation or where that may not be told.
        named: What its documents are called, for the words of reasons.
        visits: Those that are left.
        reasons: The surest matches that were found until now.
    """

    onward: str
    key: bytes
    value: bytes
    produced_at_ms: int
    financier: str
    named: list[str]
    visits: list[Visit]
    reasons: list[MatchReason] = []


encode_claim = msgspec.msgpack.Encoder().encode
decode_claim = msgspec.msgpack.Decoder(ClaimRecord).decode


def visits_of(claims: Sequence[Sequence[Claim]], prints: Fingerprints, partitions: int) -> list[list[Visit]]:
    """Return the visits of each event's claims, those of one partition side by side.

    Args:
        claims: Of each event.
        prints: Make their fingerprints.
        partitions: How many there are of the ledgers.
    """
    owned = [(at, claim) for at, some in enumerate(claims) for claim in some]
    owners = {
        Route.PAIR: [at for at, _ in owned],
        Route.NUMBER: [at for at, claim in owned if claim.amount_minor is not None],
    }
    visits: list[list[Visit]] = [[] for _ in claims]
    for route, some in prints.of([claim for _, claim in owned]).items():
        raw, raw_marks = some.rows.tobytes(), some.marks.astype("<u4").tobytes()
        width, marks = _BY_ROUTE[route]
        keys = some.rows["pair" if route is Route.PAIR else "number"].tolist()
        for at, (owner, key) in enumerate(zip(owners[route], keys, strict=True)):
            row, mark = raw[at * width : (at + 1) * width], raw_marks[at * marks : (at + 1) * marks]
            visits[owner].append(Visit(key % partitions, route, row, mark))
    return [sorted(some, key=lambda visit: visit.partition) for some in visits]


def documents_of(visits: list[Visit], route: Route) -> Documents:
    """Return what visits by one route bring."""
    marks: npt.NDArray[np.uint32] = np.frombuffer(b"".join(visit.marks for visit in visits), "<u4")
    rows = np.frombuffer(b"".join(visit.row for visit in visits), ROW)
    return Documents(rows, marks.reshape(len(visits), MARKS[route]))
