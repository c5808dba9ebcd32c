"""A line's weights: named arrays and a manifest in one safetensors file, checked before they score."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import safetensors
import safetensors.numpy
from pydantic import ValidationError

from stream.errors import WeightsRefusedError
from stream.scoring.score_histogram import BINS
from stream.scoring.weights_manifest import WeightsManifest

Arrays = Mapping[str, npt.NDArray[Any]]

_MANIFEST = "manifest"
_MOST_BYTES = 64 << 20
_MOST_HEADER_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class LineWeights:
    """Everything a scorer needs for one line.

    Attributes:
        arrays: `encode.edges` [features, bins + 1], `layer{i}.weight` [out, in], `layer{i}.bias` [out],
            `standardise.mean` and `standardise.scale` [features], `calibration.slope` and `calibration.intercept` [1],
            `anomaly.mean` [features], `anomaly.precision` [features, features],
            `anomaly.quantiles` [q], `score.histogram` [512].
    """

    manifest: WeightsManifest
    arrays: Arrays

    @property
    def width(self) -> int:
        """How many features a row has."""
        return len(self.arrays["standardise.mean"])

    def to_bytes(self) -> bytes:
        """Return the safetensors file."""
        metadata = {_MANIFEST: self.manifest.model_dump_json()}
        arrays = {name: np.ascontiguousarray(value) for name, value in self.arrays.items()}
        return safetensors.numpy.save(arrays, metadata)

    @staticmethod
    def sealed(manifest: WeightsManifest, arrays: Arrays) -> "LineWeights":
        """Return weights whose manifest carries the digest of its arrays and itself."""
        return LineWeights(manifest.model_copy(update={"digest": digest_of(manifest, arrays)}), arrays)

    @staticmethod
    def from_bytes(value: bytes, feature_hash: str) -> "LineWeights":
        """Return the weights of a safetensors file, if they may score.

        Args:
            value: The file.
            feature_hash: Of the features that the scorer makes.

        Raises:
            WeightsRefusedError: Unreadable, changed since they were sealed, made for
                other features, or of shapes that do not fit.
        """
        manifest, arrays = _read(value)
        if manifest.digest != digest_of(manifest, arrays):
            raise WeightsRefusedError("digest", "the digest does not fit the content; the file was changed or cut")
        if manifest.feature_hash != feature_hash:
            raise WeightsRefusedError(
                "feature_hash",
                f"made for features {manifest.feature_hash[:12]}, this scorer makes {feature_hash[:12]}; adapt anew",
            )
        _check_shapes(arrays)
        return LineWeights(manifest, arrays)


def digest_of(manifest: WeightsManifest, arrays: Arrays) -> str:
    """Return the SHA-256 over all arrays and the manifest without its digest, hex."""
    found = hashlib.sha256()
    content = manifest.model_dump(mode="json", exclude={"digest"})
    found.update(json.dumps(content, sort_keys=True).encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        found.update(f"|{name}|{array.dtype.str}|{array.shape}|".encode())
        found.update(array.tobytes())
    return found.hexdigest()


def _read(value: bytes) -> tuple[WeightsManifest, dict[str, npt.NDArray[Any]]]:
    if len(value) > _MOST_BYTES:
        raise WeightsRefusedError("unreadable", f"{len(value)} bytes, at most {_MOST_BYTES} are taken")
    try:
        header_bytes = int.from_bytes(value[:8], "little")
        if not 0 < header_bytes <= min(_MOST_HEADER_BYTES, len(value) - 8):
            raise ValueError("the header's length does not fit")
        header = json.loads(value[8 : 8 + header_bytes])
        manifest = WeightsManifest.model_validate_json(header["__metadata__"][_MANIFEST])
        return manifest, safetensors.numpy.load(value)
    except (ValueError, KeyError, TypeError, RecursionError, ValidationError, safetensors.SafetensorError) as error:
        raise WeightsRefusedError("unreadable", f"is not a weights file: {str(error).splitlines()[0]}") from error


def _check_shapes(arrays: Arrays) -> None:
    try:
        width = len(arrays["standardise.mean"])
        expected: dict[str, tuple[int, ...]] = {
            "standardise.mean": (width,),
            "standardise.scale": (width,),
            "calibration.slope": (1,),
            "calibration.intercept": (1,),
            "anomaly.mean": (width,),
            "anomaly.precision": (width, width),
            "score.histogram": (BINS,),
            "encode.edges": (width, arrays["encode.edges"].shape[1]),
            **_layer_shapes(arrays, width * (arrays["encode.edges"].shape[1] - 1)),
        }
        for name, shape in expected.items():
            if arrays[name].shape != shape:
                raise WeightsRefusedError("shape", f"{name} is {arrays[name].shape}, must be {shape}")
        if arrays["anomaly.quantiles"].ndim != 1 or len(arrays["anomaly.quantiles"]) < 2:
            raise WeightsRefusedError("shape", "anomaly.quantiles must be a row of two or more")
    except (KeyError, TypeError, IndexError) as error:
        raise WeightsRefusedError("shape", f"array {error} is missing or has no rows") from error
    for name, array in arrays.items():
        if array.dtype.kind != "f" or not np.isfinite(array).all():
            raise WeightsRefusedError("shape", f"{name} must be floating-point and finite")
    if (np.diff(arrays["encode.edges"], axis=1) < 0).any():
        raise WeightsRefusedError("shape", "encode.edges must grow")
    if (arrays["standardise.scale"] <= 0).any():
        raise WeightsRefusedError("shape", "standardise.scale must be above 0")


def _layer_shapes(arrays: Arrays, width: int) -> dict[str, tuple[int, ...]]:
    count = sum(name.startswith("layer") and name.endswith(".weight") for name in arrays)
    if not count:
        raise WeightsRefusedError("shape", "no layers")
    shapes: dict[str, tuple[int, ...]] = {}
    for layer in range(count):
        out = 1 if layer == count - 1 else arrays[f"layer{layer}.weight"].shape[0]
        shapes[f"layer{layer}.weight"] = (out, width)
        shapes[f"layer{layer}.bias"] = (out,)
        width = out
    return shapes
