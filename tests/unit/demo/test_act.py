"""What the demo plays: labels are those that are known by then, and what is judged comes after them."""

import json
from pathlib import Path

import numpy as np
import pytest

from stream.demo.act import acts_of
from stream.demo.financed_twice import financed_twice
from stream.demo.histories import write_live, write_training
from stream.events.history import read_history
from stream.events.line_file import load_lines
from stream.events.scored_event import BY_MATCH, Reason
from stream.simulation.cards import START_S
from stream.simulation.demo_world import (
    TRADE_LIVE_DAYS,
    TRADE_TRAINING_LINES,
    TRAINING_LINES,
    UNSEEN_LINE,
    UNSEEN_TRADE_LINE,
)
from tests.builders.labelled_examples import a_scored_event

LINES = load_lines([Path("lines/demo")])


def a_match(key, earlier, later, *, withdrawn=False):
    """Return a record of `document-matches`."""
    match = {"earlier": {"event_id": earlier}, "later": {"event_id": later}, "withdrawn": withdrawn}
    return str(key).encode(), json.dumps(match).encode()


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    file = tmp_path_factory.mktemp("live") / "live.parquet"
    documents = write_live(file, 30, 8, START_S)
    return read_history(file, LINES), documents


def test_labels_are_of_frauds_that_are_known_by_then_and_all_rows_are_played_once(live):
    history, _ = live
    acts = acts_of(history, 20, 5)
    assert np.array_equal(np.sort(np.concatenate([act.rows for act in acts])), np.arange(len(history.batch)))
    for act, labels in zip(acts, (20, 5), strict=True):
        warm, learning, judged = act.parts(history)
        assert np.array_equal(np.concatenate([warm, learning, judged]), act.rows)
        chosen = act.chosen_frauds(history, 7)
        assert len(chosen) == labels
        assert set(chosen) <= set(warm)
        assert (history.label_known_at_s[chosen] < act.labels_from_s).all()
        assert {history.batch.line[row] for row in chosen} == {act.line}
        own = judged[np.asarray(history.batch.line)[judged] == act.line]
        assert (history.label[own] == 1).sum() >= 10


def test_the_labels_of_all_training_documents_are_known_before_documents_go_live(tmp_path):
    write_training(tmp_path / "training.parquet", 12, 7)
    known = {line.name: LINES[line.name] for line in (*TRAINING_LINES, *TRADE_TRAINING_LINES)}
    history = read_history(tmp_path / "training.parquet", known)
    documents = np.isin(np.asarray(history.batch.line), [line.name for line in TRADE_TRAINING_LINES])
    assert documents.any()
    assert history.label_known_at_s[documents].max() < START_S - TRADE_LIVE_DAYS * 86_400
    assert {UNSEEN_LINE.name, UNSEEN_TRADE_LINE.name}.isdisjoint(history.batch.line)


def test_the_unseen_line_of_documents_has_a_family_that_no_training_line_has():
    known = {family for line in TRADE_TRAINING_LINES for family in line.families}
    assert set(UNSEEN_TRADE_LINE.families) - known


def test_requests_on_what_was_financed_before_are_caught_where_an_alert_says_so(live):
    _, documents = live
    truth = [
        document["event_id"]
        for document, origin in zip(documents.documents, documents.origins, strict=True)
        if origin.is_fraud and origin.behaviour == "double_financing_exact"
    ]
    other = next(one["event_id"] for one in documents.documents if one["event_id"] not in truth)
    says = [Reason(f"{BY_MATCH}exact", "invoice 1 was financed on 2026-05-03", 0.0)]
    scored = [
        a_scored_event(event_id=truth[0], alerted=True, reasons=says),
        a_scored_event(event_id=truth[1], alerted=False, reasons=says),
        a_scored_event(event_id=truth[2], alerted=True, reasons=[Reason("amount", "high", 1.0)]),
        a_scored_event(event_id="honest", alerted=True, reasons=says),
    ]
    pairs = [("honest", truth[3]), ("x", truth[0]), ("x", truth[1]), ("x", truth[2]), ("honest", other)]
    matches = [a_match(at, *pair) for at, pair in enumerate(pairs)] + [a_match(4, "honest", other, withdrawn=True)]
    found = financed_twice(scored, matches[:-1], documents)
    assert found["as_it_was"] == {"requests": len(truth), "caught": 2}
    assert found["as_a_copy"]["requests"] > 10
    assert (found["as_a_copy"]["caught"], found["others_taken_for_it"], found["a_reason"]) == (0, 1, says[0].text)
    assert financed_twice(scored, matches, documents)["others_taken_for_it"] == 0
    assert financed_twice([], [], documents)["a_reason"] is None
