"""A shared initialisation as one safetensors file, sealed by a digest. Needs no torch."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import safetensors
import safetensors.numpy
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from metalearn.errors import CheckpointError

Arrays = Mapping[str, npt.NDArray[Any]]
_MANIFEST = "manifest"
# One trained on a thousand lines has 8 MB; a file that is no initialisation must not fill memory.
_MOST_BYTES = 256 << 20
_MOST_HEADER_BYTES = 16 << 20


class InitialisationManifest(BaseModel):
    """What an initialisation says of itself.

    Attributes:
        id: Of this training.
        feature_hash: Of the features it was trained on.
        feature_names: In their order.
        widths: Of the hidden layers.
        inner_steps: Gradient steps of an adaptation.
        fraud_share: The frauds' share of the loss, in training and in adapting.
        lines: Trained on.
        until: No label known from then on was used, ISO 8601.
        seed: Of all chance in training.
        figures: Of the training.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = 1
    id: str
    created_at: str
    feature_hash: str
    feature_names: tuple[str, ...]
    widths: tuple[int, ...]
    inner_steps: int = Field(ge=0)
    fraud_share: float = Field(gt=0, lt=1)
    lines: tuple[str, ...] = ()
    until: str = ""
    seed: int = 0
    figures: dict[str, float] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Initialisation:
    """Arrays by name, and what they are.

    Attributes:
        arrays: `layer{i}.weight`, `layer{i}.bias`, `inner.rate`, and whatever a user of the
            library stores beside them.
    """

    manifest: InitialisationManifest
    arrays: Arrays

    def layers(self) -> dict[str, npt.NDArray[Any]]:
        """Return the network's arrays alone, in order of the layers."""
        count = len(self.manifest.widths) + 1
        names = [f"layer{index}.{part}" for index in range(count) for part in ("weight", "bias")]
        return {name: self.arrays[name] for name in names}

    def save(self, path: Path) -> None:
        """Write the file, whole or not at all."""
        metadata = {_MANIFEST: self.manifest.model_dump_json(), "digest": _digest(self.manifest, self.arrays)}
        content = safetensors.numpy.save(
            {name: np.ascontiguousarray(one) for name, one in self.arrays.items()}, metadata
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(path.suffix + ".partial")
        partial.write_bytes(content)
        partial.replace(path)

    @staticmethod
    def load(path: Path) -> "Initialisation":
        """Read the file.

        Raises:
            CheckpointError: It is no initialisation or was changed since it was written.
            OSError: It cannot be read.
        """
        return Initialisation.from_bytes(read_initialisation(path))

    @staticmethod
    def from_bytes(value: bytes) -> "Initialisation":
        """Return what a file's bytes hold.

        Raises:
            CheckpointError: They are no initialisation or were changed since they were written.
        """
        try:
            header_bytes = int.from_bytes(value[:8], "little")
            if not 0 < header_bytes <= min(_MOST_HEADER_BYTES, len(value) - 8):
                raise ValueError("the header's length does not fit")
            header = json.loads(value[8 : 8 + header_bytes])
            manifest = InitialisationManifest.model_validate_json(header["__metadata__"][_MANIFEST])
            digest = header["__metadata__"]["digest"]
            arrays = safetensors.numpy.load(value)
        except (ValueError, KeyError, TypeError, RecursionError, ValidationError, safetensors.SafetensorError) as error:
            raise CheckpointError(f"is not a readable initialisation: {str(error).splitlines()[0]}") from error
        if digest != _digest(manifest, arrays):
            raise CheckpointError("was changed since it was written: the digest does not fit")
        found = Initialisation(manifest, arrays)
        try:
            found.layers()
        except KeyError as error:
            raise CheckpointError(f"lacks array {error}") from error
        return found


def read_initialisation(path: Path) -> bytes:
    """Return a file's bytes, none of them parsed yet.

    Raises:
        CheckpointError: It is too large to be an initialisation.
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        value = file.read(_MOST_BYTES + 1)
    if len(value) > _MOST_BYTES:
        raise CheckpointError(f"is larger than {_MOST_BYTES} bytes")
    return value


def _digest(manifest: InitialisationManifest, arrays: Arrays) -> str:
    found = hashlib.sha256(json.dumps(manifest.model_dump(mode="json"), sort_keys=True).encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        found.update(f"|{name}|{array.dtype.str}|{array.shape}|".encode() + array.tobytes())
    return found.hexdigest()
