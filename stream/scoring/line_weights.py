"""A line's weights: named arrays and a manifest in one safetensors file, checked before they score."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import safetensors
import safetensors.numpy
from pydantic import ValidationError

from stream.errors import WeightsRefusedError
from stream.features.specification import FeatureSpecification, specification_by_hash
from stream.scoring.weights_check import Arrays, check_arrays
from stream.scoring.weights_manifest import WeightsManifest

_MANIFEST = "manifest"
# A network's take 0.1 MB, few-shot weights at most 2 MB; Kafka's own default stops at 1 MB. What is larger must not
# fill a scorer's memory.
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
        metadata = {_MANIFEST: _compact(self.manifest.model_dump(mode="json"))}
        arrays = {name: np.ascontiguousarray(value) for name, value in self.arrays.items()}
        return safetensors.numpy.save(arrays, metadata)

    @staticmethod
    def sealed(manifest: WeightsManifest, arrays: Arrays) -> "LineWeights":
        """Return weights whose manifest carries the digest of its arrays and itself."""
        return LineWeights(manifest.model_copy(update={"digest": digest_of(manifest, arrays)}), arrays)

    @property
    def specification(self) -> FeatureSpecification:
        """The features that they read.

        Raises:
            WeightsRefusedError: This release makes none such.
        """
        found = specification_by_hash(self.manifest.feature_hash)
        if found is None:
            shown = self.manifest.feature_hash[:12]
            raise WeightsRefusedError("feature_hash", f"made for features {shown}, which this release does not make")
        return found

    @staticmethod
    def from_bytes(value: bytes, feature_hash: str | None) -> "LineWeights":
        """Return the weights of a safetensors file, if they may score.

        Args:
            value: The file.
            feature_hash: Of the features that the scorer makes; None takes all that this release makes.

        Raises:
            WeightsRefusedError: Unreadable, changed by as much as a byte since they were
                sealed, made for other features, or of shapes and values that do not fit.
        """
        manifest, arrays = _read(value)
        if manifest.digest != digest_of(manifest, arrays):
            raise WeightsRefusedError("digest", "the digest does not fit the content; the file was changed or cut")
        made = LineWeights(manifest, arrays)
        if feature_hash is None:
            feature_hash = made.specification.hash
        if manifest.feature_hash != feature_hash:
            raise WeightsRefusedError(
                "feature_hash",
                f"made for features {manifest.feature_hash[:12]}, this scorer makes {feature_hash[:12]}; adapt anew",
            )
        check_arrays(arrays)
        return made


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
        raw = value[8 : 8 + header_bytes].decode()
        header = json.loads(raw)
        text = header["__metadata__"][_MANIFEST]
        manifest = WeightsManifest.model_validate_json(text)
        arrays = safetensors.numpy.load(value)
        # The digest is over what the file means; these see what means the same, written otherwise.
        altered = raw.rstrip(" ") != _compact(header) or text != _compact(json.loads(text))
    except (ValueError, KeyError, TypeError, RecursionError, ValidationError, safetensors.SafetensorError) as error:
        raise WeightsRefusedError(
            "unreadable", f"is not a weights file: {(str(error) or type(error).__name__).splitlines()[0]}"
        ) from error
    if altered:
        raise WeightsRefusedError("digest", "the header is not as it was written; the file was changed")
    return manifest, arrays


def _compact(content: Any) -> str:
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False)
