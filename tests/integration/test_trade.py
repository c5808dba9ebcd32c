"""Documents on a real Kafka are scored by the features of trade that history gives."""

import numpy as np
import pytest

from stream.backtest.feature_pass import features_of
from stream.events.history import documents_at, select_rows
from stream.features.specification import DOCUMENTS
from stream.ledger.claims_of import claims_of
from stream.transport.replay import Replay, ReplayOptions
from stream.transport.topics import ensure_topics
from tests.builders.small_trade import LINES, small_trade

pytestmark = [pytest.mark.broker, pytest.mark.timeout(280)]

KEY = "a key of the tests' ledgers"


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    """Return what others rest on, then what finances it: either comes by one way past the ledgers, so in its order."""
    whole = small_trade(tmp_path_factory.mktemp("trade"), 60, 3, deals_per_year=150)
    whole.label[:] = -1
    rows = np.arange(len(whole.batch))
    half_s = whole.batch.occurred_at_s[len(rows) // 2]
    finances = np.array([bool(claims_of(one)) for one in documents_at(whole, rows)])
    return select_rows(whole, rows[finances == (whole.batch.occurred_at_s >= half_s)])


def test_a_worker_trained_on_documents_gives_them_the_features_that_a_backtest_gives(
    installation, history, trade_initialisation, free_port
):
    running = installation(1, lines=LINES, ledger_key=KEY, initialisation=trade_initialisation)
    ensure_topics(running.settings, history.lines.values())
    running.start("alone", free_port(), "score")
    rows = np.arange(len(history.batch))
    first = next(at for at, one in enumerate(documents_at(history, rows)) if claims_of(one))
    assert 10 < first < len(rows) - 10
    for part, done in ((rows[:first], first), (rows[first:], len(rows))):
        # The first is sent twice: known by its identifier, and no second document.
        sent = select_rows(history, np.concatenate([part[:1], part]))
        Replay(running.settings, sent, ReplayOptions(None, in_step=False, labels=False)).run(lambda _: None)
        running.wait_for(lambda wanted=done: len(running.records("scored-events")) >= wanted)
    scored = {event.event_id: event for event in running.scored()}
    features, fresh = features_of(history, lambda _: None)
    assert fresh.all()
    assert len(running.scored()) == len(scored) == len(rows)
    assert b"".join(scored[one].features for one in history.batch.event_id) == features.tobytes()
    assert {one.feature_hash for one in scored.values()} == {DOCUMENTS.hash}
    assert not running.records("dead-letters")
    assert {record.partition for record in running.records("documents-rekeyed")} == {0}
