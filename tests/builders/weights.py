"""Builds a line's weights, sealed and fit to score, from what a test cares about."""

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from stream.features.specification import DOCUMENTS, PAYMENTS
from stream.scoring.anomaly import fit_anomaly
from stream.scoring.line_weights import LineWeights
from stream.scoring.score_histogram import histogram_of
from stream.scoring.weights_manifest import WeightsManifest

Arrays = dict[str, npt.NDArray[Any]]


def network_arrays(
    features: int = 3, widths: tuple[int, ...] = (8, 8), bins: int = 4, seed: int = 0
) -> dict[str, npt.NDArray[np.float32]]:
    """Return an untaught network on a piecewise encoding."""
    generator = np.random.default_rng(seed)
    arrays = {"encode.edges": np.sort(generator.normal(0, 2, (features, bins + 1)), 1).astype(np.float32)}
    for layer, (inside, out) in enumerate(pairwise([features * bins, *widths, 1])):
        arrays[f"layer{layer}.weight"] = generator.normal(0, (2 / inside) ** 0.5, (out, inside)).astype(np.float32)
        arrays[f"layer{layer}.bias"] = generator.normal(0, 0.1, out).astype(np.float32)
    return arrays


def weights_arrays(features: int = 3, **network: Any) -> Arrays:
    """Return all arrays that a scorer needs."""
    generator = np.random.default_rng(1)
    anomaly = fit_anomaly(generator.normal(size=(500, features)).astype(np.float32))
    return {
        **network_arrays(features, **network),
        "standardise.mean": np.full(features, 0.5, np.float32),
        "standardise.scale": np.full(features, 2.0, np.float32),
        "calibration.slope": np.array([1.5]),
        "calibration.intercept": np.array([-3.0]),
        "anomaly.mean": anomaly.mean,
        "anomaly.precision": anomaly.precision,
        "anomaly.quantiles": anomaly.quantiles,
        "score.histogram": histogram_of(generator.uniform(0, 0.2, 500)),
    }


def a_manifest(**changed: Any) -> WeightsManifest:
    """Return the manifest of line `cards`, version 1, not sealed yet."""
    fields: dict[str, Any] = {
        "line": "cards",
        "version": 1,
        "initialisation": "init",
        "feature_hash": PAYMENTS.hash,
        "support_frauds": 5,
        "support_genuine": 100,
        "created_at": "2023-11-14T22:13:20+00:00",
        "gate": {"average_precision": 1.0, "average_precision_current": 0.25},
    }
    return WeightsManifest(**(fields | changed))


def some_weights(arrays: Arrays | None = None, **manifest: Any) -> LineWeights:
    """Return sealed weights; arrays given take the place of the usual ones, None leaves one out."""
    merged = {**weights_arrays(), **(arrays or {})}
    return LineWeights.sealed(a_manifest(**manifest), {name: one for name, one in merged.items() if one is not None})


def weights_of_documents() -> LineWeights:
    """Return sealed weights that read all features of an installation with documents, of no line yet."""
    return some_weights(weights_arrays(len(DOCUMENTS.features)), line="", version=0, feature_hash=DOCUMENTS.hash)


def weights_of_the_specification(**manifest: Any) -> LineWeights:
    """Return sealed weights that read all of the specification's features."""
    return some_weights(weights_arrays(len(PAYMENTS.features)), **manifest)
