"""What the stream's features of trade and its ledger of fingerprints say of each simulated document, as it arrives."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from stream.events.supply_chain.supply_chain_event import EVENT_TYPES, AnyEvent
from stream.features.trade.trade_features import observe_documents
from stream.features.trade.trade_specification import NAMES
from stream.features.trade.trade_state import TradeSizes, TradeState
from stream.ledger.claims_of import claims_of
from stream.ledger.fingerprint import Fingerprints
from stream.ledger.ledger import Ledger
from stream.ledger.match import match_of
from stream.ledger.rows import Route
from stream.ledger.terms import Terms

LEDGER_COLUMNS = ("ledger_nearness", "ledger_other_financier")
TYPES = ("financing_request", "credit_note", "repayment")
"""Those that show a fraud; which one a document is, is told apart, since a missing value says it only by chance."""
TRADE_COLUMNS = (*NAMES, *LEDGER_COLUMNS, *(f"is_{name}" for name in TYPES))

# A line of a year has some ten thousand documents.
_SIZES = TradeSizes(2**16, 2**12, 2**14, 2**14, 2**14, 2**10, 2**13, 2**10, 2**13)
_MOST_CLAIMS = 100_000
_KEY = b"of a simulated world"

Floats = npt.NDArray[np.float32]


def trade_table(documents: Sequence[dict[str, Any]]) -> Floats:
    """Return the trade columns of documents in order of arrival, each line by itself.

    Args:
        documents: As JSON has them.

    Returns:
        float32 [documents, TRADE_COLUMNS]; NaN where a column does not apply or nothing is known yet. The ledger's
        are told of documents that ask for money: how near the nearest document is that was financed before (0: none
        is), and whether another financier financed it.
    """
    lines = np.array([one["line"] for one in documents], dtype=np.str_)
    made = np.empty((len(documents), len(TRADE_COLUMNS)), np.float32)
    for line in np.unique(lines).tolist():
        rows = np.flatnonzero(lines == line)
        made[rows] = _of_a_line([documents[at] for at in rows.tolist()])
    return made


def _of_a_line(documents: Sequence[dict[str, Any]]) -> Floats:
    events = [EVENT_TYPES[one["type"]].model_validate(one) for one in documents]
    types = np.array([[one["type"] == name for name in TYPES] for one in documents], np.float32)
    return np.concatenate([observe_documents(TradeState(_SIZES), events), _ledger_columns(events), types], 1)


def _ledger_columns(events: Sequence[AnyEvent]) -> Floats:
    found = np.full((len(events), len(LEDGER_COLUMNS)), np.nan, np.float32)
    told = [(at, claim) for at, event in enumerate(events) for claim in claims_of(event)]
    asking = [at for at, event in enumerate(events) if event.type in ("financing_request", "assignment")]
    found[asking] = 0.0
    by_route = Fingerprints(_KEY).of([claim for _, claim in told])
    # A claim without an amount is kept by pair alone.
    owners = {
        Route.PAIR: [at for at, _ in told],
        Route.NUMBER: [at for at, claim in told if claim.amount_minor is not None],
    }
    for route, claims in by_route.items():
        for change in Ledger(route, Terms(), _MOST_CLAIMS).take(claims):
            at, match = owners[route][change.by], match_of(change, {})
            if not match.withdrawn and events[at].type != "credit_note":
                found[at, 0] = max(found[at, 0], match.nearness)
                found[at, 1] = max(found[at, 1], float(not match.same_financier))
    return found
