"""Distances between tasks by law, and kinds of lines on made worlds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from metalearn.errors import MetalearnError
from metalearn.tasks.kinds import NEW_KIND, kinds, kinds_in_words, novelty
from metalearn.tasks.similarity import TaskSketch, distance, distances, parts, sketch_from, sketch_of

FEATURES = 6


def rows_of(kind, seed, n=1_500):
    """Return one line's rows: a kind has its own shape and its own co-movement, a line a little of its own."""
    generator = np.random.default_rng([kind, seed])
    mixing = np.random.default_rng(kind).normal(size=(FEATURES, FEATURES))
    drawn = generator.normal(size=(n, FEATURES)) @ (mixing + 0.1 * generator.normal(size=mixing.shape))
    shaped = np.sign(drawn) * np.abs(drawn) ** (0.5 + kind)
    return ((shaped - shaped.mean(0)) / shaped.std(0)).astype(np.float32)


def lines(kind, count):
    return [sketch_of(rows_of(kind, seed)) for seed in range(count)]


@given(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3), st.integers(0, 5))
def test_the_distance_is_a_metric(a, b, c, seed):
    one, two, three = (sketch_of(rows_of(kind, seed + at, 200)) for at, kind in enumerate((a, b, c)))
    assert distance(one, one) == 0
    assert distance(one, two) == distance(two, one) > 0
    assert distance(one, three) <= distance(one, two) + distance(two, three) + 1e-9


def test_the_spread_is_scipys_wasserstein_distance_and_the_correlation_is_spearmans():
    first, second = rows_of(0, 1), rows_of(1, 2)
    expected = np.mean([stats.wasserstein_distance(first[:, at], second[:, at]) for at in range(FEATURES)])
    assert parts(sketch_of(first), sketch_of(second))[0] == pytest.approx(expected, rel=0.1)
    tied = np.round(first)
    expected = stats.spearmanr(np.clip(tied, -5, 5)).statistic
    np.testing.assert_allclose(sketch_of(tied).correlation, expected, atol=1e-6)


def test_lines_that_differ_only_in_how_features_move_together_differ():
    rows = rows_of(0, 1)
    shuffled = np.stack([np.random.default_rng(at).permutation(rows[:, at]) for at in range(FEATURES)], 1)
    spread, together, constancy = parts(sketch_of(rows), sketch_of(shuffled))
    assert spread == pytest.approx(0, abs=1e-6)
    assert constancy == 0
    assert together > 0.1


def test_a_feature_that_never_changes_counts_and_breaks_nothing():
    rows = rows_of(0, 1)
    still = rows.copy()
    still[:, 2] = 0
    sketch = sketch_of(still)
    assert sketch.constant[2] == 1
    assert not sketch.correlation[2].any()
    assert distance(sketch, sketch_of(rows)) > 0
    assert np.isfinite(distance(sketch, sketch))


def test_how_far_out_the_rarest_rows_are_changes_nothing():
    rows = rows_of(0, 1)
    far, farther = rows.copy(), rows.copy()
    far[:60], farther[:60] = 8.0, 1e6
    assert distance(sketch_of(far), sketch_of(farther)) == 0
    assert distance(sketch_of(far), sketch_of(rows)) > 0


def test_a_sketch_comes_back_from_its_arrays():
    sketch = sketch_of(rows_of(0, 1))
    arrays = sketch.arrays()
    assert all(array.dtype == np.float32 for array in arrays.values())
    assert distance(sketch, sketch_from(arrays)) == 0
    assert [arrays[name].shape for name in TaskSketch.__slots__] == [(FEATURES, 32), (FEATURES, FEATURES), (FEATURES,)]


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(MetalearnError, match="features cannot be compared"):
        distance(sketch_of(rows_of(0, 1)), sketch_of(rows_of(0, 1)[:, :4]))
    with pytest.raises(MetalearnError, match="without rows"):
        sketch_of(np.empty((0, 3), np.float32))


def test_the_order_of_lines_changes_no_distance():
    sketches = lines(0, 3) + lines(2, 2)
    order = [3, 0, 4, 2, 1]
    np.testing.assert_array_equal(
        distances([sketches[at] for at in order]), distances(sketches)[np.ix_(order, order)]
    )  # fmt: skip


def test_one_more_line_of_a_kind_is_about_as_far_as_they_are_and_another_kind_is_far():
    known = lines(0, 8)
    assert novelty(sketch_of(rows_of(0, 99)), known) < NEW_KIND
    assert novelty(sketch_of(rows_of(2, 99)), known) > NEW_KIND
    assert novelty(known[0], []) == float("inf")
    assert novelty(sketch_of(rows_of(0, 99)), known[:1]) < novelty(sketch_of(rows_of(2, 99)), known[:1])


def test_copies_of_one_line_do_not_make_every_other_line_new():
    one = sketch_of(rows_of(0, 1))
    assert np.isfinite(novelty(sketch_of(rows_of(0, 2)), [one, one]))


def test_lines_of_two_kinds_are_found_apart_and_it_is_said():
    sketches = [*lines(0, 4), *lines(2, 3)]
    assert kinds(sketches) == [[0, 1, 2, 3], [4, 5, 6]]
    names = [f"cards-{at}" for at in range(4)] + [f"customs-{at}" for at in range(3)]
    said = kinds_in_words(names, sketches)
    assert "2 kinds of lines that share nothing" in said
    assert "customs-0, customs-1, customs-2: " in said
    assert kinds_in_words(names[:4], sketches[:4]).startswith("4 lines of one kind; two of them are ")
    assert kinds_in_words(names[:1], sketches[:1]) == "1 line of one kind"
    assert kinds([]) == []


def test_lines_of_which_each_is_a_kind_of_its_own_are_not_taken_for_one_kind():
    assert kinds([sketch_of(rows_of(kind, 0)) for kind in (0, 2, 3)]) == [[0], [1], [2]]
    assert kinds([sketch_of(rows_of(kind, 0)) for kind in (0, 2)]) == [[0], [1]]
    said = kinds_in_words(["a", "b"], [sketch_of(rows_of(kind, 0)) for kind in (0, 2)])
    assert said.startswith("2 kinds of lines that share nothing")
