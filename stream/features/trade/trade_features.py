"""What each document of supply-chain finance says in the light of those before it."""

from collections.abc import Sequence
from dataclasses import fields

import numpy as np
import numpy.typing as npt

from stream.events.supply_chain.supply_chain_event import AnyEvent
from stream.features.trade.document_columns import documents_as_columns
from stream.features.trade.slot_table import WAYS
from stream.features.trade.trade_columns import TRADE_WIDTH
from stream.features.trade.trade_kernel import observe_rows
from stream.features.trade.trade_state import TradeSizes, TradeState


def observe_documents(state: TradeState, events: Sequence[AnyEvent]) -> npt.NDArray[np.float32]:
    """Return the features of each document, and change the state.

    Documents that refer to one another may arrive in any order: what one says of another waits
    for it, and tells on whatever arrives later. The document itself is in the sums
    (turnover, dilution, limit, circles) and not in what it is compared with (prices, usual
    amounts, noughts, numbers).

    Args:
        state: The trade of this partition.
        events: Documents in order of arrival, none twice (`recent_ids.RecentIds` drops repeats).

    Returns:
        float32 [events, TRADE_WIDTH], named by `trade_specification`; NaN where a feature does
        not apply to a type, or nothing is known yet.
    """
    features = np.full((len(events), TRADE_WIDTH), np.nan, np.float32)
    if events:
        observe_rows(documents_as_columns(events), state.tables, state.next_ticks(len(events)), features)
    return features


def warm_trade() -> None:
    """Have the pass compiled before a worker joins its group; the first time that takes a while."""
    smallest = TradeState(TradeSizes(*[WAYS] * len(fields(TradeSizes))))
    none = np.empty((0, TRADE_WIDTH), np.float32)
    observe_rows(documents_as_columns([]), smallest.tables, smallest.next_ticks(0), none)
