"""Which arrays may score: all there, of shapes that fit, with numbers that can't run away."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from stream.errors import WeightsRefusedError
from stream.scoring.score_histogram import BINS

Arrays = Mapping[str, npt.NDArray[Any]]

# A few layers of such weights stay far within float64, so that no score is ever not a number.
MOST_MAGNITUDE = 1e15
SUPPORT = "support."
"""Arrays of a few-shot model's evidence, which count as well as measure."""
_SHARE_TOLERANCE = 1e-3


def check_arrays(arrays: Arrays) -> None:
    """Refuse arrays that a network's scorer can't run.

    Raises:
        WeightsRefusedError: For reason `shape`; its text names the array and what it must be.
    """
    try:
        _check_shapes(arrays)
    except (KeyError, TypeError, IndexError) as error:
        raise WeightsRefusedError("shape", f"array {error} is missing or has no rows") from error
    for name, array in arrays.items():
        number = array.dtype.kind == "f" or (name.startswith(SUPPORT) and array.dtype == np.int32)
        _must(number and bool(np.isfinite(array).all()), f"{name} must be floating-point and finite")
        _must(bool((np.abs(array) <= MOST_MAGNITUDE).all()), f"{name} must lie within ±{MOST_MAGNITUDE:g}")
    _check_values(arrays)


def _must(holds: bool, what: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not holds:
        raise WeightsRefusedError("shape", what)


def _check_shapes(arrays: Arrays) -> None:
    width = len(arrays["standardise.mean"])
    edges = arrays["encode.edges"].shape[1]
    _must(width > 0 and edges > 1, "there must be a feature and a bin")
    expected: dict[str, tuple[int, ...]] = {
        "standardise.mean": (width,),
        "standardise.scale": (width,),
        "calibration.slope": (1,),
        "calibration.intercept": (1,),
        "anomaly.mean": (width,),
        "anomaly.precision": (width, width),
        "score.histogram": (BINS,),
        "encode.edges": (width, edges),
        **_layer_shapes(arrays, width * (edges - 1)),
    }
    for name, shape in expected.items():
        _must(arrays[name].shape == shape, f"{name} is {arrays[name].shape}, must be {shape}")
    quantiles = arrays["anomaly.quantiles"]
    _must(quantiles.ndim == 1 and len(quantiles) > 1, "anomaly.quantiles must be a row of two or more")


def _layer_shapes(arrays: Arrays, width: int) -> dict[str, tuple[int, ...]]:
    count = sum(name.startswith("layer") and name.endswith(".weight") for name in arrays)
    _must(count > 0, "no layers")
    shapes: dict[str, tuple[int, ...]] = {}
    for layer in range(count):
        out = 1 if layer == count - 1 else arrays[f"layer{layer}.weight"].shape[0]
        shapes[f"layer{layer}.weight"] = (out, width)
        shapes[f"layer{layer}.bias"] = (out,)
        width = out
    return shapes


def _check_values(arrays: Arrays) -> None:
    histogram = arrays["score.histogram"]
    _must(not (np.diff(arrays["encode.edges"], axis=1) < 0).any(), "encode.edges must grow")
    _must(not (np.diff(arrays["anomaly.quantiles"]) < 0).any(), "anomaly.quantiles must grow")
    _must(bool((arrays["standardise.scale"] > 0).all()), "standardise.scale must be above 0")
    _must(bool(arrays["calibration.slope"][0] > 0), "calibration.slope must be above 0, or scores change their order")
    share = float(histogram.sum(dtype=np.float64))
    _must(bool((histogram >= 0).all()) and abs(share - 1) < _SHARE_TOLERANCE, "score.histogram must be shares of 1")
