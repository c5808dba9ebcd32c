"""The network as it runs in the scorer."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metalearn.piecewise import encode
from stream.scoring.network_forward import forward, network_of
from tests.builders.weights import network_arrays


def rows_of(count, features, seed=0):
    return np.random.default_rng(seed).normal(0, 3, (count, features)).astype(np.float32)


@pytest.mark.parametrize("widths", [(64, 64), (16,), (), (32, 16, 8)])
@pytest.mark.parametrize("bins", [1, 16])
def test_logits_equal_torch_within_a_millionth(widths, bins):
    torch = pytest.importorskip("torch")
    from metalearn.networks import forward as torch_forward  # noqa: PLC0415 - it imports torch

    arrays = network_arrays(40, widths, bins)
    rows = rows_of(512, 40)
    encoded = torch.from_numpy(encode(rows, arrays["encode.edges"]).astype(np.float64))
    parameters = {name: torch.from_numpy(one.astype(np.float64)) for name, one in arrays.items() if name[0] == "l"}
    expected = torch_forward(parameters, encoded).numpy()
    assert np.abs(forward(network_of(arrays), rows) - expected).max() <= 1e-6


@given(st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_a_row_scores_the_same_to_the_bit_whatever_its_batch(count, seed):
    network = network_of(network_arrays(5))
    rows = rows_of(count, 5, seed)
    alone = np.concatenate([forward(network, rows[at : at + 1]) for at in range(count)])
    assert forward(network, rows).tobytes() == alone.tobytes()


def test_a_bin_without_width_adds_nothing():
    arrays = network_arrays(2, (4,), 3)
    arrays["encode.edges"][:, 2:] = arrays["encode.edges"][:, 1:2]
    rows = rows_of(50, 2)
    expected = forward(network_of(arrays), rows)
    for column in range(2):
        arrays["layer0.weight"][:, 3 * column + 1 : 3 * column + 3] += 100.0
    assert np.array_equal(forward(network_of(arrays), rows), expected)


def test_beyond_the_outermost_edges_a_logit_no_longer_changes():
    arrays = network_arrays(2)
    edges = arrays["encode.edges"]
    network = network_of(arrays)
    for outermost, further in ((edges[:, 0], -7.0), (edges[:, -1], 7.0)):
        at, beyond = outermost[None, :], outermost[None, :] + np.float32(further)
        assert forward(network, at) == pytest.approx(forward(network, beyond), abs=1e-12)


def test_no_rows_give_no_logits():
    assert forward(network_of(network_arrays(3)), np.empty((0, 3), np.float32)).shape == (0,)
