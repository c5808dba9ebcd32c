"""Few labels of a line that training never saw are taught to the few-shot model."""

from datetime import UTC, datetime

import numpy as np
import pytest

from metalearn.checkpoint import Initialisation
from stream.adaptation.adapter import Adapter
from stream.adaptation.few_shot_teacher import MOST_FRAUDS, FewShotTeacher
from stream.adaptation.support_buffer import BufferLimits, SupportBuffer
from stream.adaptation.support_sample import draw, generator_for
from stream.adaptation.trial import TrialPlan, try_candidate
from stream.errors import WeightsRefusedError
from stream.features.specification import PAYMENTS
from stream.scoring.few_shot import FewShotScorer
from stream.scoring.line_scorers import LineScorers, few_shot_part, scorer_of, scorers_over
from stream.scoring.line_weights import LineWeights
from stream.scoring.many_lines import reasons_each, score_each
from stream.scoring.standardisation import Standardisation
from tests.builders.few_shot import with_few_shot
from tests.builders.labelled_examples import an_example

NOW = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def initialisation(small_initialisation):
    return with_few_shot(Initialisation.load(small_initialisation))


def a_buffer(width, frauds, others=200):
    generator = np.random.default_rng(0)
    buffer = SupportBuffer(BufferLimits(500, 2_000, 0.0, 0.0), PAYMENTS.hash)
    for at in range(frauds + others):
        fraud = at < frauds
        features = generator.normal(3.0 if fraud else 0.0, 1.0, width).astype("<f4").tobytes()
        kind = "fraud" if fraud else "background"
        at_s = 1e6 + 1e5 * at
        hashed = PAYMENTS.hash
        buffer.fold(
            an_example(event_id=f"e{at}", kind=kind, features=features, occurred_at_s=at_s, feature_hash=hashed)
        )
    return buffer


def a_candidate(adapter, frauds, others=200, line="new-line"):
    buffer = a_buffer(adapter.width, frauds, others)
    sample = draw(buffer, 2_000, generator_for(line, 1))
    return adapter.build(line, 1, adapter.shared, sample, buffer, NOW), sample, buffer


def test_few_labels_of_a_new_line_make_few_shot_weights_that_score_like_the_model_that_was_taught(initialisation):
    adapter = Adapter(initialisation)
    candidate = a_candidate(adapter, 5)[0]
    assert candidate.manifest.kind == "few_shot"
    assert candidate.manifest.support_frauds == 5
    rows = np.random.default_rng(1).normal(0, 2, (40, adapter.width)).astype(np.float32)
    kept = LineWeights.from_bytes(candidate.to_bytes(), adapter.feature_hash)
    scorer = scorer_of(kept, few_shot_part(initialisation))
    assert isinstance(scorer, FewShotScorer)
    scores = scorer.score(rows).score
    assert np.array_equal(scores, adapter.scorer(candidate)(rows))
    assert ((scores >= 0) & (scores <= 1)).all()
    reasons = scorer.reasons(rows[np.argmax(scores)][None], "card")[0]
    assert 0 < len(reasons) <= 3
    alone = np.concatenate([scorer.score(row[None]).score for row in rows])
    assert np.array_equal(alone, scores)


def test_rows_of_many_lines_score_to_the_bit_as_each_line_alone_scores_them(initialisation):
    adapter = Adapter(initialisation)
    scorers = scorers_over(initialisation)
    for number, frauds in enumerate((0, 1, 5, 40)):
        scorers.put(a_candidate(adapter, frauds, 150 + 20 * number, f"line-{number}")[0])
    scorers.put(a_candidate(adapter, MOST_FRAUDS + 1, line="line-4")[0])
    names = [f"line-{number}" for number in (2, 4, 0, 3, 5, 1)]
    of = [scorers.get(name, 1) for name in names]
    assert sum(isinstance(one, FewShotScorer) for one in of) == 4
    generator = np.random.default_rng(2)
    rows, which = generator.normal(0, 3, (60, adapter.width)).astype(np.float32), generator.integers(0, 6, 60)
    rows[::9, 2], rows[::11, 0] = np.nan, 1e38
    kinds = [f"kind-{at}" for at in which]
    found, told = score_each(of, which, rows), reasons_each(of, which, rows, kinds)
    for at, line in enumerate(which):
        alone = of[line].score(rows[at : at + 1])
        assert (found.score[at], found.anomaly[at]) == (alone.score[0], alone.anomaly[0])
        assert told[at] == of[line].reasons(rows[at : at + 1], kinds[at])[0]


def test_a_new_line_is_scored_by_what_lines_share_before_its_first_label(initialisation):
    candidate, *_ = a_candidate(Adapter(initialisation), 0)
    assert candidate.manifest.kind == "few_shot"
    assert candidate.manifest.support_frauds == 0


def test_a_lines_first_weights_are_few_shot_ones(initialisation):
    adapter = Adapter(initialisation)
    buffer = a_buffer(adapter.width, 3)
    plan = TrialPlan(
        "new-line",
        1,
        adapter.shared,
        adapter.shared,
        0,
        0.0,
        0,
        with_labels=False,
        with_new_sources=True,
        support_genuine=2_000,
        gate_tolerance=0.01,
    )
    trial = try_candidate(plan, buffer, adapter, NOW)
    assert trial.candidate.manifest.kind == "few_shot"
    assert trial.candidate.manifest.support_frauds == 0


@pytest.mark.parametrize(("frauds", "others"), [(20, 201), (20, 202), (5, 51), (30, 305)])
def test_genuine_rows_of_a_young_line_do_not_score_as_frauds(initialisation, frauds, others):
    adapter = Adapter(initialisation)
    candidate, *_ = a_candidate(adapter, frauds, others)
    rows = np.random.default_rng(5).normal(0.0, 1.0, (500, adapter.width)).astype(np.float32)
    assert (adapter.scorer(candidate)(rows) > 0.5).mean() < 0.05


SPOILT = {
    "pooled.scale": np.array([0.0]),
    "head.bias": np.zeros((1, 2)),
    "own.share": np.array([1.5]),
    "tail.excess": np.zeros(8),
    "tail.scores": np.zeros((8, 3), np.float32),
    "tail.rarity": np.full((8, 65), np.nan, np.float32),
    "support.frauds": np.array([-5], np.int32),
    "support.exemplar_low": np.zeros((5, 1), np.float32),
    "support.line_trees.0.root": np.array(0, np.int32),
    "support.line_trees.0.feature": np.zeros(3, np.float64),
    "support.relevant": np.zeros(0, np.float32),
    "support.ratio": np.full((1, 1), np.inf, np.float32),
}


@pytest.mark.parametrize("name", SPOILT)
def test_few_shot_weights_with_an_array_of_another_form_are_refused(initialisation, name):
    candidate, *_ = a_candidate(Adapter(initialisation), 5)
    arrays = {**candidate.arrays, name: SPOILT[name]}
    with pytest.raises(WeightsRefusedError):
        scorer_of(LineWeights.sealed(candidate.manifest, arrays), few_shot_part(initialisation))


@pytest.mark.parametrize(("frauds", "others"), [(MOST_FRAUDS + 1, 400), (3, 10), (0, 10)])
def test_the_network_learns_where_there_are_many_labels_or_no_background(initialisation, frauds, others):
    candidate, *_ = a_candidate(Adapter(initialisation), frauds, others)
    assert candidate.manifest.kind == "network"


def test_a_line_that_training_knew_and_an_initialisation_without_the_model_go_on_with_the_network(
    initialisation, small_initialisation
):
    plain = Adapter(Initialisation.load(small_initialisation))
    assert a_candidate(plain, 5)[0].manifest.kind == "network"
    known = FewShotTeacher(few_shot_part(initialisation), ["new-line"], PAYMENTS)
    sample = draw(a_buffer(Adapter(initialisation).width, 5), 2_000, generator_for("new-line", 1))
    assert not known.teaches("new-line", sample)
    assert known.teaches("another", sample)


def test_few_shot_weights_of_another_initialisation_are_refused(initialisation):
    candidate, *_ = a_candidate(Adapter(initialisation), 5)
    other = initialisation.manifest.model_copy(update={"id": "another"})
    scorers = scorers_over(Initialisation(other, initialisation.arrays))
    with pytest.raises(WeightsRefusedError, match="not loaded"):
        scorers.put(candidate)
    with pytest.raises(WeightsRefusedError, match="not loaded"):
        LineScorers(Adapter(initialisation).shared).put(candidate)


@pytest.mark.parametrize("name", ["support.ratio", "head.weight", "tail.scores", "support.line_trees.1.leaf"])
def test_few_shot_weights_that_lack_an_array_are_refused(initialisation, name):
    candidate, *_ = a_candidate(Adapter(initialisation), 5)
    arrays = {key: value for key, value in candidate.arrays.items() if key != name}
    with pytest.raises(WeightsRefusedError, match="does not fit"):
        scorer_of(LineWeights.sealed(candidate.manifest, arrays), few_shot_part(initialisation))


def test_few_shot_weights_take_less_than_two_megabytes(initialisation):
    candidate, *_ = a_candidate(Adapter(initialisation), MOST_FRAUDS, 2_000)
    assert candidate.manifest.kind == "few_shot"
    assert len(candidate.to_bytes()) < 2_000_000


def test_presumed_rows_stand_in_where_nobody_labelled_anything_genuine(initialisation):
    adapter = Adapter(initialisation)
    buffer = a_buffer(adapter.width, 5)
    sample = draw(buffer, 2_000, generator_for("new-line", 1))
    assert not sample.genuine
    teacher = FewShotTeacher(few_shot_part(initialisation), [], PAYMENTS)
    shared = adapter.shared.arrays
    scale = Standardisation(shared["standardise.mean"], shared["standardise.scale"])
    state = teacher.teach(sample, buffer.presumed_genuine(), scale, 0.01).model.state
    rows = np.random.default_rng(1).normal(0, 3, (200, state.features)).astype(np.float32)
    assert np.ptp(state.trees[0].predict(rows)) > 0
    # Half of the unlabelled rows tell what is usual, and nothing is learnt from them.
    assert state.background.shape[1] == 50 + 75
