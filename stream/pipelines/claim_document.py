"""Past the ledgers: an event meets each document that it might finance again, then goes on to be profiled.

An event's documents are kept in the partitions that their fingerprints name. It visits those one after another on one
topic, so that nothing has to be gathered, and takes along what it found.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace

import msgspec
import numpy as np

from stream.events.decode import Rejected, SourceRecord
from stream.events.documents_topic import DocumentsTopic
from stream.events.match_reason import match_headers
from stream.events.produced_at import produced_at_headers
from stream.events.supply_chain.decode import Rejection
from stream.events.supply_chain.supply_chain_event import SupplyChainEvent
from stream.events.unreadable import UNREADABLE
from stream.features.partition_state import PartitionState
from stream.ledger.claim import Claim
from stream.ledger.claim_record import (
    ClaimRecord,
    Visit,
    decode_claim,
    documents_of,
    encode_claim,
    visits_of,
)
from stream.ledger.claims_of import claims_of
from stream.ledger.financier_names import FinancierNames
from stream.ledger.fingerprint import Fingerprints, event_id_of
from stream.ledger.ledger import Ledger
from stream.ledger.match import Match, match_key, match_of
from stream.ledger.match_words import reasons_of, surest
from stream.ledger.rows import ROW, Route
from stream.ledger.terms import Terms
from stream.metrics import Metrics
from stream.pipelines.effects import DOCUMENT_CLAIMS, DOCUMENT_MATCHES, Effects, Outgoing, StatelessReplay
from stream.pipelines.joined_state import JoinedState

# Once so many matches are told the transaction is full, and the records behind wait for the next: in a flood of one
# document each event has hundreds.
MOST_TOLD = 4_096
# So many documents are taken between two looks at that: few at first and while they match a lot.
_FEWEST, _MOST = 4, 32
_ROW_FINANCIER = ROW.fields["financier"][1] if ROW.fields else 0


class FingerprintStep(StatelessReplay):
    """Reads supply-chain events and sends those that finance or take back a document past the ledgers."""

    state: PartitionState | None = None

    def __init__(
        self,
        documents: DocumentsTopic,
        onward: str,
        prints: Fingerprints,
        partitions: int,
        *,
        tell_financiers: bool = True,
    ) -> None:
        """Send a topic's events to `onward` in the end, past the ledgers of so many partitions.

        Events too far ahead of the clock are refused: they would make the ledgers forget.
        """
        self._documents = documents
        self._onward = onward
        self._prints = prints
        self._partitions = partitions
        self._tell = tell_financiers

    def process(self, records: list[SourceRecord]) -> Effects:
        """Send each record to the first ledger it has to visit, or on its way where it has none."""
        events: list[tuple[SourceRecord, SupplyChainEvent]] = []
        refused: list[Rejected] = []
        for record in records:
            event = self._documents.read(record.value)
            if isinstance(event, Rejection):
                refused.append(Rejected(record, event.reason, event.field, event.words))
            else:
                events.append((record, event))
        claims = [claims_of(event) for _, event in events]
        visits = visits_of(claims, self._prints, self._partitions)
        ways = zip(events, claims, visits, strict=True)
        return Effects([_next(self._way(*event, of, some)) for event, of, some in ways], refused)

    def _way(
        self, record: SourceRecord, event: SupplyChainEvent, claims: list[Claim], visits: list[Visit]
    ) -> ClaimRecord:
        return ClaimRecord(
            onward=self._onward,
            # A line's documents meet where they are profiled.
            key=event.line.encode(),
            value=record.value or b"",
            produced_at_ms=record.timestamp_ms,
            financier=claims[0].financier if claims and self._tell else "",
            named=[f"{claim.type.replace('_', ' ')} {claim.number}" for claim in claims],
            visits=visits,
        )


class ClaimStep(StatelessReplay):
    """The ledgers of one partition."""

    def __init__(
        self,
        partition: int,
        partitions: int,
        onwards: Collection[str],
        terms: Terms,
        max_documents: int,
        metrics: Metrics,
        *,
        tell_financiers: bool = True,
    ) -> None:
        """Begin with empty ledgers.

        Args:
            partition: Which of the ledgers' partitions this is.
            partitions: How many there are.
            onwards: The topics that events may go on to.
            terms: How long documents are remembered.
            max_documents: So many are held by each route.
            metrics: Where matches are counted.
            tell_financiers: Whether matches name them; else the changelog's names are deleted.
        """
        self._partition = partition
        self._partitions = partitions
        self._onwards = onwards
        self._ledgers: Mapping[Route, Ledger] = {route: Ledger(route, terms, max_documents) for route in Route}
        self._names = FinancierNames(tell=tell_financiers)
        self._metrics = metrics
        self._last: list[Match] = []
        self.state: PartitionState = JoinedState(
            {b"p": self._ledgers[Route.PAIR], b"n": self._ledgers[Route.NUMBER], b"f": self._names}
        )

    def process(self, records: list[SourceRecord]) -> Effects:
        """Take the documents that belong here, tell what they match, and send the events on.

        Where they match more than one transaction should hold, only the first records are taken.
        """
        effects, self._last = Effects(), []
        done, most = 0, _FEWEST
        while done < len(records) and len(self._last) < MOST_TOLD:
            claims, taken = self._some(records[done : done + most], most, effects.rejected)
            found, told = self._take(claims)
            effects.outgoing.extend(told)
            effects.outgoing.extend(_next(self._moved_on(claim, of)) for claim, of in zip(claims, found, strict=True))
            self._last += [match for matches in found for match in matches]
            done += taken
            most = _FEWEST if len(told) > most else min(2 * most, _MOST)
        return replace(effects, taken=done)

    def committed(self) -> None:
        """Count the matches that are now visible."""
        for match in self._last:
            outcome = "withdrawn" if match.withdrawn else "reported"
            self._metrics.count("foreshot_document_matches", rule=match.rule, outcome=outcome)
        self._last = []

    def ask(self, visits: list[Visit]) -> list[Match]:
        """Return what the documents that belong here match, and remember none."""
        return [
            match_of(change, self._names.by_hash)
            for route, ledger in self._ledgers.items()
            if (here := [visit for visit in visits if (visit.partition, visit.route) == (self._partition, route)])
            for change in ledger.ask(documents_of(here, route))
        ]

    def _some(self, records: list[SourceRecord], most: int, refused: list[Rejected]) -> tuple[list[ClaimRecord], int]:
        """Return the first claims, up to so many documents that belong here, and how many records that takes."""
        claims: list[ClaimRecord] = []
        documents = taken = 0
        for record in records:
            claim = self._read(record)
            if isinstance(claim, Rejected):
                refused.append(claim)
            else:
                here = sum(visit.partition == self._partition for visit in claim.visits)
                if claims and documents + here > most:
                    break
                claims.append(claim)
                documents += here
            taken += 1
        return claims, taken

    def _read(self, record: SourceRecord) -> ClaimRecord | Rejected:
        try:
            claim = decode_claim(record.value or b"")
        except UNREADABLE as error:
            return Rejected(record, "unreadable", None, f"is no claim: {error}")
        if not all(visit.fits() and visit.partition < self._partitions for visit in claim.visits):
            return Rejected(record, "bad_value", "visits", "a document is not as this version has it")
        if claim.onward not in self._onwards:
            return Rejected(record, "unknown_line", "line", f"no line file reads documents that go to {claim.onward}")
        return claim

    def _take(self, claims: list[ClaimRecord]) -> tuple[list[list[Match]], list[Outgoing]]:
        found: list[list[Match]] = [[] for _ in claims]
        told: list[Outgoing] = []
        for route, ledger in self._ledgers.items():
            here = [
                (at, visit)
                for at, claim in enumerate(claims)
                for visit in claim.visits
                if visit.partition == self._partition and visit.route == route
            ]
            if not here:
                continue
            self._learn_names(claims, here)
            for change in ledger.take(documents_of([visit for _, visit in here], route)):
                match = match_of(change, self._names.by_hash)
                found[here[change.by][0]].append(match)
                told.append(Outgoing(DOCUMENT_MATCHES, match_key(change, route), msgspec.json.encode(match)))
        return found, told

    def _learn_names(self, claims: list[ClaimRecord], here: list[tuple[int, Visit]]) -> None:
        for at, visit in here:
            if claims[at].financier:
                hashed = int.from_bytes(visit.row[_ROW_FINANCIER : _ROW_FINANCIER + 8], "little")
                self._names.learn(hashed, claims[at].financier)

    def _moved_on(self, claim: ClaimRecord, found: list[Match]) -> ClaimRecord:
        left = [visit for visit in claim.visits if visit.partition != self._partition]
        reasons = claim.reasons
        if found:
            (row,) = np.frombuffer(claim.visits[0].row, ROW)
            reasons = surest([*reasons, *reasons_of(found, event_id_of(row), claim.named)])
        return msgspec.structs.replace(claim, visits=left, reasons=reasons)


def _next(claim: ClaimRecord) -> Outgoing:
    if claim.visits:
        return Outgoing(DOCUMENT_CLAIMS, claim.key, encode_claim(claim), claim.visits[0].partition)
    headers = produced_at_headers(claim.produced_at_ms) + match_headers(claim.reasons)
    return Outgoing(claim.onward, claim.key, claim.value, headers=headers)
