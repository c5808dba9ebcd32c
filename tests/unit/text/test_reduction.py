import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from safetensors.numpy import save_file

from stream.errors import UsageError
from stream.text.reduction import fit_reduction, load_reduction, save_reduction

VECTORS = arrays.arrays(
    np.float32, st.tuples(st.integers(2, 20), st.just(6)), elements=st.floats(-1, 1, width=32), unique=True
)


@pytest.fixture
def vectors():
    return np.random.default_rng(0).standard_normal((50, 12)).astype(np.float32)


def test_axes_are_those_of_the_covariance_widest_first(vectors):
    made = fit_reduction(vectors, "m", 4)
    values, found = np.linalg.eigh(np.cov(vectors.astype(np.float64), rowvar=False))
    assert np.allclose(np.abs(made.axes @ found[:, ::-1][:, :4]), np.eye(4), atol=1e-6)
    spread = made.reduced(vectors, "m").var(0, ddof=1)
    assert np.allclose(spread, values[::-1][:4], rtol=1e-4)


@settings(max_examples=50)
@given(vectors=VECTORS, seed=st.integers(0, 99))
def test_order_changes_nothing_but_rounding(vectors, seed):
    shuffled = np.random.default_rng(seed).permutation(vectors)
    one, other = fit_reduction(vectors, "m", 1), fit_reduction(shuffled, "m", 1)
    spread = np.linalg.svd(vectors[vectors.any(1)] - one.mean, compute_uv=False)
    if len(spread) > 1 and spread[0] - spread[1] > 1e-3:
        assert np.allclose(np.abs(one.axes @ other.axes.T), 1.0, atol=1e-6) or not one.axes.any()


def test_each_axis_points_to_where_its_largest_number_is_above_zero(vectors):
    for made in (fit_reduction(vectors, "m", 5), fit_reduction(-vectors, "m", 5)):
        assert (made.axes[np.arange(5), np.abs(made.axes).argmax(1)] > 0).all()


def test_where_embeddings_span_less_the_other_axes_are_zeros(vectors):
    made = fit_reduction(vectors[:3], "m", 8)
    assert made.axes.any(1).tolist() == [True, True] + [False] * 6
    assert made.reduced(vectors, "m").shape == (50, 8)
    assert not fit_reduction(vectors[:1], "m", 2).axes.any()


def test_zeros_are_left_out_and_stay_zeros(vectors):
    with_empty = np.concatenate([vectors, np.zeros((30, 12), np.float32)])
    made = fit_reduction(with_empty, "m", 3)
    assert np.array_equal(made.mean, fit_reduction(vectors, "m", 3).mean)
    assert not made.reduced(with_empty, "m")[50:].any()
    with pytest.raises(UsageError, match="no training line has words"):
        fit_reduction(with_empty[50:], "m", 3)


def test_a_row_is_reduced_alike_whatever_stands_beside_it(vectors):
    made = fit_reduction(vectors, "m", 3)
    assert np.array_equal(made.reduced(vectors, "m")[7], made.reduced(vectors[7:8], "m")[0])


def test_it_is_never_applied_to_another_models_embeddings(vectors):
    with pytest.raises(UsageError, match="another text model than n"):
        fit_reduction(vectors, "m", 3).reduced(vectors, "n")


def test_what_is_saved_is_loaded_bit_for_bit(vectors, tmp_path):
    made = fit_reduction(vectors, "m", 3)
    save_reduction(made, tmp_path / "r.safetensors")
    again = load_reduction(tmp_path / "r.safetensors")
    assert np.array_equal(again.reduced(vectors, "m"), made.reduced(vectors, "m"))
    with pytest.raises(UsageError, match="another text model"):
        again.reduced(vectors, "n")


@pytest.mark.parametrize("wrong", ["nothing", "text", "kind", "shape", "nan", "type"])
def test_a_file_that_is_no_reduction_is_refused_with_its_path(wrong, tmp_path):
    path = tmp_path / "r.safetensors"
    arrays = {"mean": np.zeros(4), "axes": np.zeros((2, 4))}
    told = {"kind": "text_reduction", "model": "x"}
    match wrong:
        case "text":
            path.write_text("no tensors")
        case "kind":
            save_file(arrays, path, {**told, "kind": "weights"})
        case "shape":
            save_file({**arrays, "mean": np.zeros(5)}, path, told)
        case "nan":
            save_file({**arrays, "mean": np.full(4, np.nan)}, path, told)
        case "type":
            save_file({name: one.astype(np.float32) for name, one in arrays.items()}, path, told)
    with pytest.raises(UsageError, match=r"r\.safetensors"):
        load_reduction(path)
