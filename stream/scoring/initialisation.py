"""The shared initialisation as the weights that score lines without labels."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from metalearn.checkpoint import Initialisation, read_initialisation
from metalearn.errors import CheckpointError
from stream.errors import UsageError, WeightsRefusedError
from stream.features.specification import FeatureSpecification, specification_by_hash
from stream.scoring.few_shot import shared_model
from stream.scoring.line_weights import LineWeights
from stream.scoring.signature import Trust
from stream.scoring.standardisation import Standardisation
from stream.scoring.weights_manifest import WeightsManifest

_SCORING = (
    "encode.edges",
    "standardise.mean",
    "standardise.scale",
    "calibration.slope",
    "calibration.intercept",
    "anomaly.mean",
    "anomaly.precision",
    "anomaly.quantiles",
    "score.histogram",
)


def line_arrays(line: str, scale: Standardisation) -> dict[str, npt.NDArray[np.float32]]:
    """Return a training line's scale as it is stored in an initialisation."""
    return {f"line.{line}.mean": scale.mean, f"line.{line}.scale": scale.scale}


def line_standardisation(initialisation: Initialisation, line: str) -> Standardisation | None:
    """Return the scale of a line that was trained on, None for a line unknown to training."""
    mean, scale = (initialisation.arrays.get(f"line.{line}.{part}") for part in ("mean", "scale"))
    return None if mean is None or scale is None else Standardisation(mean, scale)


def load_initialisation(
    path: Path, specification: FeatureSpecification | None, trust: Trust | None = None
) -> Initialisation:
    """Return an initialisation made for these features.

    Args:
        path: Its file; the signature stands beside it.
        specification: The features of the lines; None takes all that this release makes.
        trust: Whose signatures are taken; none are asked for without.

    Raises:
        UsageError: The file is missing, not signed as it must be, is no initialisation, or was made for other features.
    """
    try:
        content = read_initialisation(path)
        if trust is not None:
            trust.check_file(path, content)
        found = Initialisation.from_bytes(content)
    except WeightsRefusedError as error:
        raise UsageError(f"{path}: refused: {error}; see `foreshot weights sign`") from error
    except (OSError, CheckpointError) as error:
        raise UsageError(f"{path}: is not an initialisation: {error}; make one with `foreshot train`") from error
    if refused := _misfit(specification_by_hash(found.manifest.feature_hash), specification):
        raise UsageError(f"{path}: {refused}")
    try:
        shared_weights(found)
        shared_model(found)
    except (WeightsRefusedError, KeyError, ValueError) as error:
        raise UsageError(f"{path}: cannot score: {error}; make one anew with `foreshot train`") from error
    return found


def _misfit(found: FeatureSpecification | None, wanted: FeatureSpecification | None) -> str | None:
    if found is None:
        return "was trained for other features; make one anew with `foreshot train`"
    if wanted is None or found is wanted:
        return None
    if wanted.kind == "documents":
        return "was trained on lines of payments alone, and a line here reads documents; train on these lines together"
    return "was trained with lines of documents, and no line here reads them; train on these lines alone"


def shared_weights(initialisation: Initialisation) -> LineWeights:
    """Return the initialisation as version 0 of every line.

    Raises:
        WeightsRefusedError: Arrays are missing or do not fit.
    """
    manifest = initialisation.manifest
    own = {name: array for name, array in initialisation.arrays.items() if name in _SCORING or name.startswith("layer")}
    shared = WeightsManifest(
        initialisation=manifest.id, feature_hash=manifest.feature_hash, created_at=manifest.created_at
    )
    sealed = LineWeights.sealed(shared, own)
    return LineWeights.from_bytes(sealed.to_bytes(), manifest.feature_hash)
