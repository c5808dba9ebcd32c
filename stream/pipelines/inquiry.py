"""Answers whether a document in hand was financed before, from the ledgers that this worker holds."""

from collections.abc import Mapping

import msgspec

from stream.events.supply_chain.decode import Rejection, decode_in_hand
from stream.ledger.claim_record import visits_of
from stream.ledger.claims_of import claims_in_hand
from stream.ledger.fingerprint import Fingerprints
from stream.ledger.match import Match, Side
from stream.pipelines.claim_document import ClaimStep


class Finding(msgspec.Struct, frozen=True):
    """One earlier or later financing of the document.

    Attributes:
        event: Which one.
        rule: What the documents have in common.
        nearness: How much of five fields is the same, 0 to 1.
        parties_swapped: Whether who sells is who buys in the other.
        position: Which of the documents in hand, where a request names many.
    """

    event: Side
    rule: str
    nearness: float
    parties_swapped: bool
    position: int


class Answer(msgspec.Struct, frozen=True):
    """What is known of a document.

    Attributes:
        findings: Each financing of it or of one near it, the surest first.
        unasked_partitions: Ledgers it may stand in that this worker does not hold: ask the others.
    """

    findings: list[Finding]
    unasked_partitions: list[int]


class Inquiry:
    """Asks the ledgers of the partitions that are here."""

    def __init__(self, prints: Fingerprints, partitions: int, steps: Mapping[int, ClaimStep]) -> None:
        """Look into `steps`, by partition; it may change as partitions come and go."""
        self._prints = prints
        self._partitions = partitions
        self._steps = steps

    def ask(self, document: bytes) -> Answer | Rejection:
        """Return what is known of a document, or why it cannot be read.

        Args:
            document: An invoice, order or receipt, or a request or an assignment, as JSON (docs/supply_chain.md).
        """
        event = decode_in_hand(document)
        if isinstance(event, Rejection):
            return event
        (visits,) = visits_of([claims_in_hand(event)], self._prints, self._partitions)
        if not visits:
            return Rejection("bad_value", "type", f"type {event.type} names no document that is financed")
        wanted = sorted({visit.partition for visit in visits})
        matches = [match for at in wanted if at in self._steps for match in self._steps[at].ask(visits)]
        findings = sorted(map(_finding, matches), key=lambda one: (-one.nearness, one.event.occurred_at_s))
        return Answer(findings, [at for at in wanted if at not in self._steps])


def _finding(match: Match) -> Finding:
    asked, other = (match.later, match.earlier) if match.earlier.event_id else (match.earlier, match.later)
    return Finding(other, match.rule, match.nearness, match.parties_swapped, asked.position)
