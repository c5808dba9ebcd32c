"""Answers whether a document in hand was financed before."""

from collections.abc import Callable

import msgspec

from stream.events.supply_chain.decode import Rejection, decode_in_hand
from stream.ledger.claim import Claim
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
        unasked_partitions: Ledgers it may stand in that were not at hand: ask another worker, or `foreshot financed`.
    """

    findings: list[Finding]
    unasked_partitions: list[int]


def read_in_hand(document: bytes) -> list[Claim] | Rejection:
    """Return what to ask of a document in hand, or why it cannot be read.

    Args:
        document: An invoice, order or receipt, or a request or an assignment, as JSON (docs/supply_chain.md).
    """
    event = decode_in_hand(document)
    if isinstance(event, Rejection):
        return event
    kind = event.type
    return claims_in_hand(event) or Rejection("bad_value", "type", f"type {kind} names no document that is financed")


def answer(
    claims: list[Claim], prints: Fingerprints, partitions: int, step_of: Callable[[int], ClaimStep | None]
) -> Answer:
    """Return what is known of a document.

    Args:
        claims: Of the document in hand.
        prints: Make its fingerprints.
        partitions: Of the ledgers.
        step_of: Gives the ledgers of a partition, None where they are not here.
    """
    (visits,) = visits_of([claims], prints, partitions)
    steps = {at: step_of(at) for at in sorted({visit.partition for visit in visits})}
    matches = [match for step in steps.values() if step is not None for match in step.ask(visits)]
    findings = sorted(map(_finding, matches), key=lambda one: (-one.nearness, one.event.occurred_at_s))
    return Answer(findings, [at for at, step in steps.items() if step is None])


def _finding(match: Match) -> Finding:
    asked, other = (match.later, match.earlier) if match.earlier.event_id else (match.earlier, match.later)
    return Finding(other, match.rule, match.nearness, match.parties_swapped, asked.position)
