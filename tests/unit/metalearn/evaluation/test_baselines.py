import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metalearn.errors import MetalearnError
from metalearn.evaluation.baselines import meta_learned, pooled_network, prototypes
from metalearn.evaluation.baselines.logistic import fit_logistic
from metalearn.evaluation.baselines.pool import FRAUD_SHARE, learnt_from, pool_of
from metalearn.evaluation.few_shot import FewShotPlan, cut_line, draw_support, support_of
from metalearn.evaluation.fits import Fits
from metalearn.evaluation.ranking import average_precision
from metalearn.evaluation.roster import methods_named, wall
from metalearn.logistic_curve import sigmoid
from metalearn.support import LineSupport
from tests.builders.evaluation_lines import a_line

PLAN = FewShotPlan(unlabelled=200)
NAMES = [method.name for method in wall()]


@pytest.fixture(autouse=True)
def _short_trainings(monkeypatch):
    monkeypatch.setattr(pooled_network, "_STEPS", 60)
    monkeypatch.setattr(prototypes, "_STEPS", 30)
    monkeypatch.setattr(meta_learned, "_PLAN", replace(meta_learned._PLAN, steps=20))


@pytest.fixture(scope="module")
def tasks():
    return [cut_line(a_line(f"train-{at}"), PLAN).task for at in range(4)]


@pytest.fixture(scope="module")
def line():
    return cut_line(a_line("test"), PLAN)


@pytest.mark.parametrize("name", NAMES)
def test_every_baseline_scores_in_0_to_1_at_any_k_and_the_same_every_time(name, tasks, line):
    (method,) = methods_named([name])
    for setting in (method.settings[0], method.settings[-1]):
        first, again = (method.train(tasks, setting, 0, Fits()) for _ in range(2))
        for count in (0, 1, 20):
            support = support_of(line, draw_support(line, count, 0, PLAN))
            scores = first.adapt(support)(line.query_features)
            assert scores.shape == (len(line.query),)
            assert scores.dtype == np.float64
            assert ((scores >= 0) & (scores <= 1)).all()
            assert np.array_equal(scores, again.adapt(support)(line.query_features))


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("prevalence", "anomaly")])
def test_what_learns_beats_the_prevalence_by_far(name, tasks, line):
    (method,) = methods_named([name])
    score = method.train(tasks, method.settings[0], 0, Fits()).adapt(
        support_of(line, draw_support(line, 20, 0, PLAN))
    )  # fmt: skip
    reached = average_precision(score(line.query_features), line.query_labels)
    assert reached > 2.0 * line.query_labels.mean()


@pytest.mark.parametrize("name", NAMES)
def test_a_support_without_genuine_or_unlabelled_rows_is_no_error(name, tasks, line):
    (method,) = methods_named([name])
    whole = support_of(line, draw_support(line, 2, 0, PLAN))
    trained = method.train(tasks, method.settings[-1], 0, Fits())
    for bare in (LineSupport(whole.frauds, whole.genuine[:0], whole.unlabelled),
                 LineSupport(whole.frauds, whole.genuine, whole.unlabelled[:0])):  # fmt: skip
        assert np.isfinite(trained.adapt(bare)(line.query_features)).all()


def test_an_unknown_method_is_named_with_those_that_there_are():
    with pytest.raises(MetalearnError, match=r"no method is called magic; there are .*fomaml"):
        methods_named(["magic"])


def test_a_pool_gives_every_line_the_same_weight_and_the_frauds_a_tenth(tasks):
    pool = pool_of([*tasks, cut_line(a_line("large", rows=4_000, frauds=400), PLAN).task], 0, Fits())
    frauds = pool.weights[pool.labels == 1].sum()
    assert pool.weights.sum() == pytest.approx(len(pool.labels))
    assert frauds / pool.weights.sum() == pytest.approx(FRAUD_SHARE)
    assert pool.weights[pool.labels == 1][:40].sum() == pytest.approx(frauds / 5)


def test_presumed_rows_are_genuine_and_change_no_weight_of_the_frauds(line):
    support = support_of(line, draw_support(line, 5, 0, PLAN))
    for presumed in (0, 50):
        rows, labels, weights = learnt_from(support, presumed)
        assert len(rows) == len(labels) == 55 + presumed
        assert labels.sum() == 5
        assert weights[labels == 1].sum() == pytest.approx(0.1 * 55)
        assert weights.sum() == pytest.approx(55)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000), st.floats(0.01, 100))
def test_logistic_regression_ends_where_the_posterior_is_flat(seed, strength):
    generator = np.random.default_rng(seed)
    rows = generator.standard_normal((30, 3)).astype(np.float32)
    labels = (generator.random(30) < 0.3).astype(np.int8)
    weights, prior = generator.random(30), generator.standard_normal(4)
    found = fit_logistic(rows, labels, weights, prior, strength)
    inputs = np.concatenate([rows, np.ones((30, 1))], 1).astype(np.float64)
    precision = np.array([strength, strength, strength, 1e-3])
    slope = inputs.T @ (weights * (sigmoid(inputs @ found) - labels)) + precision * (found - prior)
    assert np.abs(slope).max() < 1e-3


def test_without_rows_the_prior_stays():
    prior = np.array([1.0, -2.0, 0.5])
    empty = np.zeros((0, 2), np.float32)
    assert np.allclose(fit_logistic(empty, np.zeros(0, np.int8), np.zeros(0), prior, 1.0), prior)


def test_a_fit_is_made_once_and_its_seconds_count_for_each_that_uses_it():
    fits, made = Fits(), []
    for _ in range(2):
        _, seconds = fits.timed(lambda: fits.get("one", lambda: made.append(sum(range(300_000)))))
        assert seconds > 0
    assert len(made) == 1
    assert not math.isnan(seconds)
