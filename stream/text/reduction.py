"""Embeddings as a few numbers: principal axes, fitted once, of one model alone."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from stream.errors import UsageError
from stream.text.embedder import Embeddings

_KIND = "text_reduction"
_LEAST_SHARE = 1e-6
_ARRAYS = ("axes", "mean")


@dataclass(frozen=True, slots=True, eq=False)
class Reduction:
    """Where embeddings lie along their principal axes.

    Attributes:
        model: Digest of the name of the model whose embeddings it is of.
        mean: Of what it was fitted on, float64 [width].
        axes: Of length one, the widest first, float64 [dimensions, width]; zeros where there are fewer.
    """

    model: str
    mean: npt.NDArray[np.float64]
    axes: npt.NDArray[np.float64]

    def reduced(self, embeddings: Embeddings, model_name: str) -> npt.NDArray[np.float32]:
        """Return a few numbers for each embedding, float32 [texts, dimensions]; zeros for one of zeros.

        Args:
            embeddings: Float32 [texts, width].
            model_name: The `name` of the embedder that made them.

        Raises:
            UsageError: They are of another model.
        """
        if self.model != model_digest(model_name):
            raise UsageError(f"this reduction is of another text model than {model_name}; fit one of its own")
        # A product of vectors may round by how many there are; sums over one axis do not.
        found = np.einsum("nw,dw->nd", embeddings.astype(np.float64) - self.mean, self.axes)
        return np.where(embeddings.any(1, keepdims=True), found, 0.0).astype(np.float32)


def model_digest(name: str) -> str:
    """Return what stands for a model's name in a reduction."""
    return hashlib.sha256(name.encode()).hexdigest()


def fit_reduction(embeddings: Embeddings, model_name: str, dimensions: int) -> Reduction:
    """Return the principal axes of embeddings.

    Args:
        embeddings: Float32 [texts, width]; those of zeros say nothing and are left out.
        model_name: The `name` of the embedder that made them.
        dimensions: How many axes; where the embeddings span fewer, the others are zeros.

    Each axis points to where its largest number is above zero, so that the same embeddings always make
    the same axes.

    Raises:
        UsageError: All embeddings are zeros, or there is none.
    """
    told = embeddings[embeddings.any(1)].astype(np.float64)
    if not len(told):
        raise UsageError("text: no training line has words; give text to training lines too, or leave it out")
    mean = told.mean(0)
    _, spread, found = np.linalg.svd(told - mean, full_matrices=False)
    # Below this an axis is rounding, and would point anywhere.
    kept = found[: min(dimensions, int((spread > _LEAST_SHARE * max(spread[0], 1.0)).sum()))]
    signs = np.sign(kept[np.arange(len(kept)), np.abs(kept).argmax(1)])
    axes = np.zeros((dimensions, told.shape[1]))
    axes[: len(kept)] = kept * signs[:, None]
    return Reduction(model_digest(model_name), mean, axes)


def save_reduction(reduction: Reduction, path: Path) -> None:
    """Write a reduction as safetensors."""
    arrays = {"mean": reduction.mean, "axes": np.ascontiguousarray(reduction.axes)}
    save_file(arrays, path, {"kind": _KIND, "model": reduction.model})


def load_reduction(path: Path) -> Reduction:
    """Return a reduction from its file.

    Raises:
        UsageError: It cannot be read or is none.
    """
    try:
        with safe_open(path, "np") as file:
            told = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    except (OSError, SafetensorError) as error:
        raise UsageError(f"{path}: cannot be read as a reduction of texts: {error}") from error
    if told.get("kind") != _KIND or "model" not in told or sorted(arrays) != sorted(_ARRAYS):
        raise UsageError(f"{path}: is no reduction of texts")
    mean, axes = arrays["mean"], arrays["axes"]
    fits = mean.dtype == axes.dtype == np.float64 and mean.ndim == 1 and axes.ndim == 2
    if not (fits and axes.shape[1:] == mean.shape and np.isfinite(mean).all() and np.isfinite(axes).all()):
        raise UsageError(f"{path}: is no reduction of texts: its axes and its mean do not fit together")
    return Reduction(told["model"], mean, axes)
