"""Whose account money comes from: the accounts that each firm was named with."""

from typing import Any

from stream.features.kernel import kernel
from stream.features.trade import trade_columns as to
from stream.features.trade.slot_table import Slots, look, take
from stream.features.trade.trade_rows import ACCOUNTS


@kernel
def tell_payer(document: Any, firms: Slots, claim_buyer: Any, out: Any) -> None:
    """Fill the features of a repayment's payer; `claim_buyer` is 0 where it is not known who should pay."""
    if claim_buyer != 0:
        out[to.PAYER_NOT_BUYER] = 0.0 if document.payer == claim_buyer else 1.0
    if document.payer_account != 0:
        known = _has(firms, document.payer, document.payer_account)
        if known >= 0.0:
            out[to.PAYER_ACCOUNT_NEW] = 1.0 - known
        own = _has(firms, document.seller, document.payer_account)
        if own >= 0.0:
            out[to.PAYER_ACCOUNT_OF_SELLER] = own if document.payer != document.seller else 1.0


@kernel
def learn_accounts(document: Any, firms: Slots, tick: Any) -> None:
    """Keep the accounts that a document names for its parties; a payer's not where it is the seller's."""
    _learn(firms, document.seller, document.seller_account, tick)
    _learn(firms, document.buyer, document.buyer_account, tick)
    if document.payer != document.seller and _has(firms, document.seller, document.payer_account) < 1.0:
        _learn(firms, document.payer, document.payer_account, tick)


@kernel
def _has(firms: Slots, firm: Any, account: Any) -> float:
    """Return 1 where a firm was named with an account, 0 where with others alone, -1 where with none."""
    slot = look(firms, firm) if firm != 0 else -1
    if slot < 0:
        return -1.0
    for place in range(ACCOUNTS):
        if firms.data[slot].accounts[place] == account:
            return 1.0
    return 0.0


@kernel
def _learn(firms: Slots, firm: Any, account: Any, tick: Any) -> None:
    if firm == 0 or account == 0:
        return
    accounts = firms.data[take(firms, firm, tick)].accounts
    last = ACCOUNTS - 1
    for place in range(ACCOUNTS):
        if accounts[place] == account:
            last = place
            break
    for place in range(last, 0, -1):
        accounts[place] = accounts[place - 1]
    accounts[0] = account
