"""The shared initialisation as the weights that score lines without labels."""

from pathlib import Path

from metalearn.checkpoint import Initialisation
from metalearn.errors import CheckpointError
from stream.errors import UsageError, WeightsRefusedError
from stream.scoring.line_weights import LineWeights
from stream.scoring.weights_manifest import WeightsManifest


def load_initialisation(path: Path, feature_hash: str) -> Initialisation:
    """Return an initialisation made for these features.

    Raises:
        UsageError: The file is missing, is no initialisation, or was made for other features.
    """
    try:
        found = Initialisation.load(path)
    except (OSError, CheckpointError) as error:
        raise UsageError(f"{path}: is not an initialisation: {error}; make one with `foreshot train`") from error
    if found.manifest.feature_hash != feature_hash:
        raise UsageError(f"{path}: was trained for other features; make one anew with `foreshot train`")
    try:
        shared_weights(found)
    except WeightsRefusedError as error:
        raise UsageError(f"{path}: cannot score: {error}; make one anew with `foreshot train`") from error
    return found


def shared_weights(initialisation: Initialisation) -> LineWeights:
    """Return the initialisation as version 0 of every line.

    Raises:
        WeightsRefusedError: Arrays are missing or do not fit.
    """
    manifest = initialisation.manifest
    shared = WeightsManifest(
        initialisation=manifest.id, feature_hash=manifest.feature_hash, created_at=manifest.created_at
    )
    sealed = LineWeights.sealed(shared, initialisation.arrays)
    return LineWeights.from_bytes(sealed.to_bytes(), manifest.feature_hash)
