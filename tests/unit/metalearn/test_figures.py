import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from metalearn.evaluation.card_precision import DAY_S, CardEvents, card_precision, kept_events
from metalearn.evaluation.ranking import auc, average_precision, recall_at_alert_share, value_detection_rate

rows = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 1)), min_size=2, max_size=60).filter(
    lambda many: 0 < sum(label for _, label in many) < len(many)
)


@given(rows)
def test_auc_and_average_precision_are_scikit_learns_ties_included(many):
    scores, labels = np.array([s for s, _ in many], float), np.array([y for _, y in many])
    assert auc(scores, labels) == pytest.approx(roc_auc_score(labels, scores))
    assert average_precision(scores, labels) == pytest.approx(average_precision_score(labels, scores))


def test_without_frauds_there_is_no_figure():
    assert np.isnan(average_precision(np.ones(3), np.zeros(3, int)))
    assert np.isnan(auc(np.ones(3), np.ones(3, int)))


def test_recall_and_value_at_a_share_of_alerts():
    scores, labels, amounts = np.arange(100.0), np.zeros(100, int), np.ones(100)
    labels[[99, 50]], amounts[[99, 50]] = 1, [30.0, 10.0]
    assert recall_at_alert_share(scores, labels, 0.01) == 0.5
    assert value_detection_rate(scores, labels, amounts, 0.01) == 0.75
    assert recall_at_alert_share(np.zeros(100), labels, 0.1) == pytest.approx(0.1)


def slow_card_precision(events, start_s, top):
    """Transcribe the handbook's protocol plainly."""
    day = [int((t - start_s) // DAY_S) for t in events.occurred_at_s]
    n, found, detected = range(len(day)), [], set()
    for d in range(7):
        known = {events.card[i] for i in n if events.labels[i] and -14 <= day[i] <= d - 8}
        today = [i for i in n if day[i] == d and events.card[i] not in known | detected]
        best, bad = {}, set()
        for i in today:
            best[events.card[i]] = max(best.get(events.card[i], -1), events.scores[i])
            if events.labels[i]:
                bad.add(events.card[i])
        chosen = sorted(best, key=lambda card: (-best[card], card))[:top]
        hits = [card for card in chosen if card in bad]
        found.append(len(hits) / top)
        detected |= set(hits)
    return float(np.mean(found))


@given(st.integers(0, 10_000))
def test_card_precision_is_the_handbooks_protocol(seed):
    generator = np.random.default_rng(seed)
    n = 400
    start_s = 20 * DAY_S
    events = CardEvents(
        generator.integers(0, 40, n),
        np.sort(generator.uniform(start_s - 14 * DAY_S, start_s + 7 * DAY_S, n)),
        (generator.random(n) < 0.1).astype(int),
        generator.random(n),
    )
    found = card_precision(events, kept_events(events, start_s), start_s, top=5)
    assert found == pytest.approx(slow_card_precision(events, start_s, 5))
