"""The few-shot model: its head, its tails, its training, its arrays."""

from dataclasses import replace

import numpy as np
import pytest

from metalearn.errors import MetalearnError
from metalearn.evaluation.fits import Fits
from metalearn.evaluation.ranking import average_precision
from metalearn.evidence.forest import mean_of
from metalearn.evidence.support_state import network_columns
from metalearn.few_shot import shared_trees, training
from metalearn.few_shot.adapted_head import HeadPlan
from metalearn.few_shot.blend import own_share
from metalearn.few_shot.cascade import cascade_line, cascade_lines
from metalearn.few_shot.episode_bank import BankPlan, draw_support
from metalearn.few_shot.head_network import HeadNetwork
from metalearn.few_shot.method import FewShotMethod
from metalearn.few_shot.model import LineModel, SharedModel
from metalearn.few_shot.pooled_score import fit_on_others
from metalearn.few_shot.reference import split_reference
from metalearn.few_shot.scale_noise import draw_scale_noise
from metalearn.few_shot.tails import compressed, fit_tail
from metalearn.few_shot.training import FewShotPlan, train_shared_model
from metalearn.support import LineSupport
from metalearn.tasks.task import Task

FEATURES = 4
PLAN = FewShotPlan(BankPlan(episodes=60, unlabelled=200), HeadPlan(steps=40, tasks=6))


def a_line(seed, rows=1_500, frauds=60):
    """Return a line whose frauds share one corner of two features, drawn for each line anew."""
    generator = np.random.default_rng(seed)
    features = generator.normal(size=(rows, FEATURES)).astype(np.float32)
    chosen = np.sort(generator.choice(rows, frauds, replace=False))
    corner = generator.choice(FEATURES, 2, replace=False)
    features[np.ix_(chosen, corner)] = generator.normal(2.0, 0.4, (frauds, 2))
    labels = np.zeros(rows, np.int8)
    labels[chosen] = 1
    times = np.arange(rows, dtype=np.float64)
    return Task(f"line-{seed}", features, labels, times, times + 0.5)


@pytest.fixture(scope="module")
def shared():
    return train_shared_model([a_line(seed) for seed in range(5)], PLAN)


@pytest.fixture(scope="module")
def unseen():
    task = a_line(99)
    cut = len(task.labels) // 2
    generator = np.random.default_rng(0)
    return task, cut, draw_support(task, np.arange(cut), 5, 50, 300, generator)


def test_five_labels_of_an_unseen_line_find_what_is_later(shared, unseen):
    task, cut, support = unseen
    model = shared.adapt(support)
    found = average_precision(model.full(task.features[cut:]), task.labels[cut:])
    nothing = LineSupport(support.frauds[:0], support.genuine[:0], support.unlabelled)
    before = average_precision(shared.adapt(nothing).full(task.features[cut:]), task.labels[cut:])
    assert found > before
    assert found > 0.5


def test_a_support_of_the_earliest_frauds_holds_the_first_known_ones_and_draws_the_rest():
    task = a_line(7)
    known = np.arange(300, 1_200)
    frauds = known[task.labels[known] == 1]
    draws = [draw_support(task, known, 5, 20, 100, np.random.default_rng(seed), earliest=True) for seed in range(2)]
    for support in draws:
        assert np.array_equal(support.frauds, task.features[frauds[:5]])
    assert not np.array_equal(draws[0].genuine, draws[1].genuine)


def test_the_same_seed_gives_the_same_model_bit_for_bit(shared):
    again = train_shared_model([a_line(seed) for seed in range(5)], PLAN)
    assert all(np.array_equal(array, shared.arrays()[name]) for name, array in again.arrays().items())


def test_a_training_goes_on_from_the_forests_that_were_done(shared, tmp_path):
    tasks = [a_line(seed) for seed in range(5)]
    file = tmp_path / "parts"
    train_shared_model(tasks, PLAN, checkpoint=file)
    told = []
    again = train_shared_model(tasks, PLAN, checkpoint=file, progress=lambda *said: told.append(said))
    assert {phase for phase, *_ in told} == {"episodes", "trees", "head"}
    assert all(np.array_equal(array, shared.arrays()[name]) for name, array in again.arrays().items())
    other = replace(PLAN, seed=1)
    train_shared_model(tasks, other, checkpoint=file)


def test_a_training_killed_between_two_forests_ends_with_the_same_model(shared, tmp_path, monkeypatch):
    tasks, file = [a_line(seed) for seed in range(5)], tmp_path / "parts"

    def killed(phase, step, *_):
        if (phase, step) == ("trees", 1):
            raise InterruptedError

    with pytest.raises(InterruptedError):
        train_shared_model(tasks, PLAN, checkpoint=file, progress=killed)
    fitted = []
    fit = training.fit_pointwise
    monkeypatch.setattr(training, "fit_pointwise", lambda *given: fitted.append(given) or fit(*given))
    again = train_shared_model(tasks, PLAN, checkpoint=file)
    # Once more for the curve, on two thirds of the lines.
    assert len(fitted) == 1
    assert all(np.array_equal(array, shared.arrays()[name]) for name, array in again.arrays().items())


def test_models_go_into_arrays_and_back(shared, unseen):
    task, _, support = unseen
    model = shared.adapt(support)
    back = LineModel.from_arrays(SharedModel.from_arrays(shared.arrays("x."), "x."), model.arrays())
    assert np.array_equal(back.full(task.features), model.full(task.features))
    assert np.array_equal(cascade_line(back, task.features), cascade_line(model, task.features))


def test_a_line_takes_less_than_two_megabytes(shared):
    generator = np.random.default_rng(0)
    parts = [generator.normal(size=(count, FEATURES)).astype(np.float32) for count in (64, 640, 5_000)]
    arrays = shared.adapt(LineSupport(*parts)).arrays()
    assert sum(array.nbytes for array in arrays.values()) < 2_000_000 * FEATURES / 37


def test_the_cascade_keeps_the_top_and_a_rows_batch_does_not_change_its_score(shared, unseen):
    task, cut, support = unseen
    model = shared.adapt(support)
    rows = task.features[cut:]
    full, fast = model.full(rows), cascade_line(model, rows)
    labels = task.labels[cut:]
    assert abs(average_precision(full, labels) - average_precision(fast, labels)) < 0.05
    assert np.array_equal(np.concatenate([cascade_line(model, row[None]) for row in rows[:200]]), fast[:200])
    assert cascade_line(model, rows, share=1.0) == pytest.approx(full, abs=1e-5)


def test_a_head_without_frauds_does_not_move(shared):
    columns = np.zeros((4, network_columns(FEATURES + 1)), np.float32)
    weight, bias = shared.network.adapt(columns, np.zeros(4, np.float32))
    assert np.array_equal(weight, shared.network.head[0])
    assert bias == shared.network.head[1]


def test_the_networks_rows_are_as_matrix_products_would_have_them():
    generator = np.random.default_rng(0)
    sizes = [(8, 5), (6, 8), (1, 6)]
    layers = {}
    for index, (out, inside) in enumerate(sizes):
        layers[f"layer{index}.weight"] = generator.normal(size=(out, inside)).astype(np.float32)
        layers[f"layer{index}.bias"] = generator.normal(size=out).astype(np.float32)
    network = HeadNetwork(np.zeros(5, np.float32), np.ones(5, np.float32), layers, 0.1, 5, 0.1)
    rows = generator.normal(size=(30, 5)).astype(np.float32)
    expected = np.maximum(rows @ layers["layer0.weight"].T + layers["layer0.bias"], 0)
    expected = np.maximum(expected @ layers["layer1.weight"].T + layers["layer1.bias"], 0)
    assert network.hidden(rows) == pytest.approx(expected, abs=1e-5)
    logits = expected @ layers["layer2.weight"][0] + layers["layer2.bias"]
    assert network.logits(rows, *network.head) == pytest.approx(logits, abs=1e-5)


def test_equal_scores_are_equally_rare_and_rarer_scores_are_higher():
    scores = np.array([0.0] * 50 + [1.0] * 30 + list(np.linspace(2, 5, 20)), np.float32)
    tail = fit_tail(scores)
    rare = tail.apply(scores)
    assert len(set(rare[:50].tolist())) == 1
    assert (np.diff(rare) >= 0).all()
    assert rare[0] == pytest.approx(0.0, abs=1e-6)
    assert tail.apply(np.array([10.0], np.float32))[0] > rare[-1]
    flat = fit_tail(np.zeros(10, np.float32))
    assert np.isfinite(flat.apply(np.array([0.0, 1.0], np.float32))).all()


def numpys_rarity(tail, scores):
    """Return how rare scores are by numpy's own interpolation."""
    last = tail.scores[-1]
    below = np.interp(scores, tail.scores, tail.rarity)
    above = tail.beyond + (scores - last) / tail.excess
    return np.asarray(np.where(scores > last, above, below), np.float32)


@pytest.mark.parametrize("seed", range(5))
def test_rarity_is_to_the_bit_what_numpy_interpolates(seed):
    chance = np.random.default_rng(seed)
    known = chance.normal(size=300).astype(np.float32)
    known[: 60 * seed] = known[0]
    tail = fit_tail(known)
    asked = np.concatenate([chance.normal(0, 2, 500), tail.scores, [-1e30, 1e30, np.nan, np.inf]]).astype(np.float32)
    expected = numpys_rarity(tail, asked)
    assert tail.apply(asked).tobytes() == expected.tobytes()
    assert np.concatenate([tail.apply(asked[at : at + 1]) for at in range(len(asked))]).tobytes() == expected.tobytes()


def test_supports_of_the_bank_are_known_before_the_query_happens():
    task = a_line(3)
    late = replace(task, label_known_at_s=task.occurred_at_s + 200.0)
    marked = replace(late, features=np.repeat(late.occurred_at_s[:, None], FEATURES, 1).astype(np.float32))
    known, later = np.arange(10), np.arange(10, 20)
    support = draw_support(marked, known, 3, 30, 100, np.random.default_rng(0))
    parts = np.concatenate([support.frauds, support.genuine, support.unlabelled])
    assert parts.max() < later[0]
    assert len(np.unique(parts[:, 0])) == len(parts)


def test_lines_without_frauds_cannot_be_learnt_from():
    task = a_line(1)
    nothing = replace(task, labels=np.zeros_like(task.labels))
    with pytest.raises(MetalearnError, match="nothing to learn from"):
        train_shared_model([nothing], PLAN)


def test_scores_of_the_method_are_chances(unseen):
    task, cut, support = unseen
    for cascade in (False, True):
        trained = FewShotMethod(plan=PLAN, cascade=cascade).train([a_line(1), a_line(2)], {}, 0, Fits())
        scores = trained.adapt(support)(task.features[cut:])
        assert scores.dtype == np.float64
        assert ((scores >= 0) & (scores <= 1)).all()


def test_the_pooled_score_of_a_training_line_is_of_trees_that_never_saw_it():
    tasks = [a_line(seed) for seed in range(4)]
    first = fit_on_others(tasks, 1, 0, 0.2)
    changed = replace(tasks[0], labels=np.roll(tasks[0].labels, 7))
    again = fit_on_others([changed, *tasks[1:]], 1, 0, 0.2)
    rows = tasks[0].features
    same = [np.array_equal(one.predict(rows), other.predict(rows)) for one, other in zip(first, again, strict=True)]
    assert same == [True, False, False]


def test_scale_noise_of_nothing_changes_nothing_and_moves_a_feature_as_a_whole():
    rows = a_line(0).features
    generator = np.random.default_rng(0)
    assert np.array_equal(draw_scale_noise(FEATURES, 0.0, generator).apply(rows), rows)
    moved = draw_scale_noise(FEATURES, 0.2, generator).apply(rows)
    assert np.abs(moved - rows).max() > 0.05
    for feature in range(FEATURES):
        assert np.array_equal(np.argsort(moved[:, feature]), np.argsort(rows[:, feature]))


def test_a_line_whose_means_are_a_little_off_is_ranked_almost_as_well(shared, unseen):
    task, cut, support = unseen
    right = average_precision(shared.adapt(support).full(task.features[cut:]), task.labels[cut:])
    off = draw_scale_noise(FEATURES, 0.3, np.random.default_rng(1))
    model = shared.adapt(
        LineSupport(*(off.apply(part) for part in (support.frauds, support.genuine, support.unlabelled)))
    )
    assert average_precision(model.full(off.apply(task.features[cut:])), task.labels[cut:]) > right - 0.1


def of_another_kind(seed):
    """Return a line whose life has another shape: skewed, bound together, half of it at one value."""
    task = a_line(seed)
    rows = np.exp(2 * task.features)
    rows[:, 1] = rows[:, 0]
    rows[::2, 2] = 0.0
    rows[task.labels == 1, 3] = -5.0
    return replace(task, features=((rows - rows.mean(0)) / rows.std(0)).astype(np.float32))


def test_a_line_of_a_new_kind_goes_by_its_own_labels_the_more_of_them_there_are(shared):
    task = of_another_kind(7)
    cut = len(task.labels) // 2
    weights = []
    for frauds in (0, 1, 5, 20):
        support = draw_support(task, np.arange(cut), frauds, 10 * frauds, 600, np.random.default_rng(0))
        model = shared.adapt(support)
        weights.append(model.blend.own_share)
        back = LineModel.from_arrays(SharedModel.from_arrays(shared.arrays()), model.arrays())
        assert np.array_equal(cascade_line(back, task.features), cascade_line(model, task.features))
        assert np.array_equal(back.full(task.features), model.full(task.features))
    assert weights[0] == 0.0
    assert weights[-1] > 0.1
    assert average_precision(model.full(task.features[cut:]), task.labels[cut:]) > 0.5


def test_only_frauds_that_the_lines_evidence_alone_finds_give_it_a_word():
    found, missed = np.full(20, 6.0, np.float32), np.full(20, 1.0, np.float32)
    assert own_share(found, found) == 0.0
    assert own_share(missed, missed) == 0.0
    assert own_share(missed, found) == pytest.approx(0.8)
    both = np.concatenate([found, missed])
    assert own_share(both, np.full(40, 6.0, np.float32)) == pytest.approx(0.5 * 40 / 45)
    assert own_share(missed[:5], found[:5]) == pytest.approx(0.5)
    assert own_share(missed[:0], found[:0]) == 0.0


def test_a_score_just_above_one_that_many_events_share_is_as_rare_as_the_events_above():
    usual = np.concatenate([np.zeros(960), np.arange(1, 41)]).astype(np.float32)
    tail = fit_tail(usual)
    found = tail.apply(np.array([0.0, 1e-3, 20.0, 40.0], np.float32))
    assert found[0] == 0.0
    assert found[1] == pytest.approx(-np.log(40.5 / 1001), abs=0.01)
    assert found[2] == pytest.approx(-np.log(20 / 1000), abs=0.5)
    assert (np.diff(found) > 0).all()
    flat = fit_tail(np.zeros(500, np.float32)).apply(np.array([0.0, 1e-4], np.float32))
    assert flat[0] == 0.0
    assert 6.5 < flat[1] < 8


def test_reference_rows_are_the_newest_and_nothing_is_learnt_from_them():
    rows = np.arange(1_200, dtype=np.float32)[:, None]
    reference, kept = split_reference(LineSupport(rows[:2], rows[2:40], rows[200:]))
    assert np.array_equal(reference, rows[700:])
    assert np.array_equal(kept.unlabelled, rows[200:700])
    reference, kept = split_reference(LineSupport(rows[:2], rows[2:140], rows[200:221]))
    assert len(reference) == 100
    assert np.array_equal(reference[-11:], rows[210:221])
    assert len(kept.unlabelled) == 10
    reference, kept = split_reference(LineSupport(rows[:2], rows[2:10], rows[:0]))
    assert (len(reference), len(kept.unlabelled)) == (8, 0)


def test_new_genuine_rows_of_a_young_line_are_as_rare_as_they_are(shared):
    generator = np.random.default_rng(3)
    parts = [generator.normal(size=(count, FEATURES)).astype(np.float32) for count in (5, 50, 300, 20_000)]
    columns = shared.adapt(LineSupport(*parts[:3])).full(parts[3])
    assert (columns > -np.log(0.1)).mean() < 0.14


def test_a_rarity_beyond_what_events_can_tell_counts_by_its_logarithm():
    rarity = np.array([0.0, 3.0, 6.0, 7.0, 1e6], np.float32)
    found = compressed(rarity)
    assert np.array_equal(found[:3], rarity[:3])
    assert (np.diff(found) > 0).all()
    assert found[-1] < 21


def test_a_line_whose_whole_past_is_labelled_or_that_has_none_can_be_scored(shared, unseen):
    task, cut, support = unseen
    nothing = support.unlabelled[:0]
    for genuine in (support.genuine, nothing):
        model = shared.adapt(LineSupport(support.frauds, genuine, nothing))
        assert np.isfinite(model.full(task.features[cut:])).all()


def test_members_of_another_releases_columns_are_refused(shared):
    arrays = shared.arrays()
    arrays["numbers"] = arrays["numbers"] + np.array([0, 0, 0, 0, 0, 2.0, 0])
    with pytest.raises(ValueError, match=r"members on [0-9]+ columns"):
        SharedModel.from_arrays(arrays)


def test_rows_of_many_lines_come_out_of_the_cascade_as_each_line_alone_lets_them_out(shared):
    generator = np.random.default_rng(1)
    models = [
        shared.adapt(draw_support(a_line(seed), np.arange(750), frauds, 10 * frauds, 300, generator))
        for seed, frauds in ((21, 0), (22, 3), (23, 9))
    ]
    rows = np.concatenate([a_line(seed).features[:80] for seed in (21, 22, 23)])
    which = generator.choice([0, 2], len(rows))
    for share in (None, 1e-9, 1.0):
        found = cascade_lines(models, which, rows, share)
        for at, model in enumerate(models):
            assert np.array_equal(found[which == at], cascade_line(model, rows[which == at], share))
    cheap, full = (cascade_lines(models, which, rows, share) for share in (1e-9, 1.0))
    assert 0 < (cascade_lines(models, which, rows) == full).mean() < 1
    assert not np.array_equal(cheap, full)
    assert cascade_lines(models, which[:0], rows[:0]).shape == (0,)


def test_the_forests_of_one_mean_are_of_seeds_of_their_own(monkeypatch):
    kept = []
    monkeypatch.setattr(shared_trees, "mean_of", lambda forests: kept.append(forests) or mean_of(forests))
    train_shared_model([a_line(seed) for seed in range(5)], PLAN)
    both = [forests for forests in kept if len(forests) > 1]
    assert [len(forests) for forests in both] == [2, 3]
    for first, second, *_ in both:
        assert not np.array_equal(first.leaf, second.leaf)


def test_members_of_another_form_are_refused(shared):
    arrays = shared.arrays()
    former, later = arrays["numbers"][:6], arrays["numbers"] + np.array([0, 0, 0, 0, 0, 0, 1.0])
    for form, told in ((1, former), (3, later)):
        with pytest.raises(ValueError, match=f"members of form {form}, this release reads 2"):
            SharedModel.from_arrays({**arrays, "numbers": told})


def test_a_network_that_misleads_on_lines_left_out_loses_its_word(shared, monkeypatch):
    tasks = [a_line(seed) for seed in range(6)]
    plan = replace(PLAN, head=replace(PLAN.head, steps=1))
    train_head = training.train_head

    def misled(*given):
        network = train_head(*given)
        last = max(name for name in network.layers if name.endswith("weight"))
        return replace(network, layers=network.layers | {last: -50.0 * network.layers[last]})

    monkeypatch.setattr(training, "train_head", misled)
    assert train_shared_model(tasks, plan).head_share == 0.0
    assert shared.head_share in training.HEAD_SHARES
