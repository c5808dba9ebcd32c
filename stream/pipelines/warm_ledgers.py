"""Has everything compiled that the ledgers run, before a worker joins its group.

The first time that takes 12 seconds. In the midst of its work the worker would be taken for dead.
"""

from datetime import date

from stream.events.decode import SourceRecord
from stream.events.supply_chain.party import Party
from stream.ledger.claim import Claim, Kind
from stream.ledger.claim_record import ClaimRecord, encode_claim, visits_of
from stream.ledger.fingerprint import Fingerprints
from stream.ledger.terms import Terms
from stream.metrics import Metrics
from stream.pipelines.claim_document import ClaimStep

# So many that the ledgers' lists are made anew.
_DOCUMENTS = 700
_LONG_AGO_S, _LATER_S = 0.0, 1e9


def warm_ledgers(prints: Fingerprints) -> None:
    """Take, ask for, forget and restore documents that nobody has."""
    steps = [ClaimStep(0, 1, ("",), Terms(), 2 * _DOCUMENTS, Metrics()) for _ in range(2)]
    for occurred_at_s in (_LONG_AGO_S, _LATER_S):
        (visits,) = visits_of([[_claim(at, occurred_at_s) for at in range(_DOCUMENTS)]], prints, 1)
        record = encode_claim(ClaimRecord("", b"", b"", 0, "", [], visits))
        steps[0].process([SourceRecord("", 0, 0, None, record, 0)])
        steps[0].ask(visits[:1])
        # What the second event has the ledgers forget is taken out here.
        steps[1].state.restore(steps[0].state.drain_changes())


def _claim(at: int, occurred_at_s: float) -> Claim:
    return Claim(
        event_id="",
        position=at,
        occurred_at_s=occurred_at_s,
        kind=Kind.REQUEST,
        financier="",
        type="invoice",
        number=f"{1_000 + 7 * at}",
        seller=Party(id="seller"),
        buyer=Party(id="buyer"),
        currency="EUR",
        amount_minor=100 + at,
        issue_date=date(1970, 1, 1),
    )
