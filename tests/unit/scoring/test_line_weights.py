"""Weights travel as bytes and are checked before they score."""

import json
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.errors import WeightsRefusedError
from stream.features.specification import PAYMENTS
from stream.scoring.line_weights import LineWeights
from stream.scoring.weights_check import MOST_MAGNITUDE
from tests.builders.weights import some_weights, weights_arrays

SEALED = some_weights().to_bytes()
HEADER_BYTES = struct.unpack("<Q", SEALED[:8])[0]


def refusal_of(value: bytes, expected_hash: str = PAYMENTS.hash) -> WeightsRefusedError:
    with pytest.raises(WeightsRefusedError) as refused:
        LineWeights.from_bytes(value, expected_hash)
    return refused.value


def with_header(header: bytes, body: bytes = SEALED[8 + HEADER_BYTES :]) -> bytes:
    return struct.pack("<Q", len(header)) + header + body


def test_weights_come_back_from_their_bytes_as_they_were():
    weights = some_weights(line="cards.eu", version=7)
    again = LineWeights.from_bytes(weights.to_bytes(), PAYMENTS.hash)
    assert again.manifest == weights.manifest
    assert again.arrays.keys() == weights.arrays.keys()
    for name, array in weights.arrays.items():
        assert again.arrays[name].dtype == array.dtype
        assert np.array_equal(again.arrays[name], array)
    assert again.to_bytes() == weights.to_bytes()


@settings(max_examples=400)
@given(st.integers(0, len(SEALED) - 1), st.integers(1, 255))
def test_any_changed_byte_is_refused(at, change):
    changed = bytearray(SEALED)
    changed[at] ^= change
    refused = refusal_of(bytes(changed))
    # A hash of features is read only from what is known to be unchanged.
    assert refused.reason in {"unreadable", "digest"}


@settings(max_examples=400)
@given(st.integers(8, 8 + HEADER_BYTES - 1), st.sampled_from(b' \t\n0123456789eE.+-"{}[],:ft\\'))
def test_a_header_that_means_the_same_in_other_bytes_is_refused(at, byte):
    changed = bytearray(SEALED)
    if changed[at] == byte:
        return
    changed[at] = byte
    assert refusal_of(bytes(changed)).reason in {"unreadable", "digest"}


def test_a_figure_written_otherwise_is_refused_though_it_is_the_same_number():
    assert b'\\"average_precision\\":1.0' in SEALED
    changed = SEALED.replace(b'\\"average_precision\\":1.0', b'\\"average_precision\\":1e0')
    assert refusal_of(changed).reason == "digest"


@given(st.integers(0, len(SEALED) - 1))
def test_a_cut_file_is_refused(length):
    assert refusal_of(SEALED[:length]).reason == "unreadable"


def test_appended_bytes_are_refused():
    assert refusal_of(SEALED + b"\0").reason == "unreadable"


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_without_another_error(value):
    assert refusal_of(value).reason == "unreadable"


def test_weights_for_other_features_are_refused_and_both_hashes_told():
    refused = refusal_of(SEALED, "0123456789abcdef")
    assert refused.reason == "feature_hash"
    assert "0123456789ab" in str(refused)
    assert PAYMENTS.hash[:12] in str(refused)


@pytest.mark.parametrize("header_bytes", [0, 1 << 20 | 1, 1 << 40, (1 << 64) - 1])
def test_a_header_of_impossible_length_is_refused_before_it_is_read(header_bytes):
    refused = refusal_of(struct.pack("<Q", header_bytes) + SEALED[8:])
    assert refused.reason == "unreadable"
    assert "header" in str(refused)


def test_a_real_header_above_a_mebibyte_is_refused():
    header = json.loads(SEALED[8 : 8 + HEADER_BYTES])
    header["__metadata__"]["padding"] = "x" * (1 << 20)
    assert "header" in str(refusal_of(with_header(json.dumps(header).encode())))


def test_a_file_above_the_limit_is_refused():
    assert "at most" in str(refusal_of(bytes((64 << 20) + 1)))


def test_a_deeply_nested_header_is_refused():
    assert refusal_of(with_header(b"[" * 100_000)).reason == "unreadable"


def test_a_file_without_a_manifest_is_refused():
    header = json.loads(SEALED[8 : 8 + HEADER_BYTES])
    del header["__metadata__"]
    assert refusal_of(with_header(json.dumps(header).encode())).reason == "unreadable"


def test_a_digest_over_other_weights_is_refused():
    weights, other = some_weights(), some_weights(version=2)
    mixed = LineWeights(weights.manifest, {**other.arrays, "calibration.intercept": np.array([9.0])})
    assert refusal_of(mixed.to_bytes()).reason == "digest"


@pytest.mark.parametrize(
    ("name", "array", "said"),
    [
        ("layer1.weight", np.zeros((8, 9), np.float32), "layer1.weight is (8, 9), must be (8, 8)"),
        ("layer2.bias", np.zeros(2, np.float32), "layer2.bias is (2,), must be (1,)"),
        ("layer0.weight", None, "layer"),
        ("standardise.mean", np.zeros(4, np.float32), "must be"),
        ("standardise.mean", np.zeros((), np.float32), "must be (1,)"),
        ("anomaly.precision", np.zeros((3, 2)), "anomaly.precision"),
        ("anomaly.quantiles", np.zeros(1), "anomaly.quantiles"),
        ("score.histogram", np.full(511, 1 / 511), "score.histogram"),
        ("calibration.slope", None, "calibration.slope"),
        ("encode.edges", np.zeros((3, 1), np.float32), "a bin"),
        ("encode.edges", np.zeros(5, np.float32), "missing"),
    ],
)
def test_wrong_shapes_are_refused_and_named(name, array, said):
    refused = refusal_of(some_weights({name: array}).to_bytes())
    assert refused.reason == "shape"
    assert said in str(refused)


@pytest.mark.parametrize("name", sorted(weights_arrays()))
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 2 * MOST_MAGNITUDE])
def test_numbers_that_could_run_away_are_refused_in_every_array(name, value):
    array = weights_arrays()[name].astype(np.float64)
    array.flat[0] = value
    refused = refusal_of(some_weights({name: array}).to_bytes())
    assert refused.reason == "shape"
    assert name in str(refused)


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("calibration.slope", np.array([0.0])),
        ("calibration.slope", np.array([-1.0])),
        ("standardise.scale", np.array([1.0, 0.0, 1.0])),
        ("anomaly.quantiles", np.array([1.0, 0.5])),
        ("encode.edges", np.tile(np.arange(5.0)[::-1], (3, 1))),
        ("score.histogram", np.zeros(512)),
        ("score.histogram", np.concatenate([np.array([2.0, -1.0]), np.zeros(510)])),
        ("layer0.bias", np.zeros(8, np.int32)),
    ],
)
def test_values_that_would_break_the_order_of_scores_are_refused(name, array):
    refused = refusal_of(some_weights({name: array}).to_bytes())
    assert refused.reason == "shape"
    assert name in str(refused)
