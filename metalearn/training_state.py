"""Where a training stands: parameters, rates, the optimiser's moments, the steps done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from metalearn.errors import CheckpointError

_BETA_1, _BETA_2, _EPSILON = 0.9, 0.999, 1e-8
_MOST_NORM = 5.0
_TRAINING = "training"


@dataclass(slots=True)
class AdamState:
    """The moments of AdamW (Loshchilov and Hutter, 2019)."""

    step: int
    first: dict[str, Tensor]
    second: dict[str, Tensor]

    @staticmethod
    def empty() -> "AdamState":
        """Return the moments before any step."""
        return AdamState(0, {}, {})


def adam_step(
    parameters: Mapping[str, Tensor], gradients: Sequence[Tensor], adam: AdamState, rate: float, decay: float
) -> dict[str, Tensor]:
    """Return the parameters after one step of AdamW, gradients cut at a norm of 5.

    Args:
        parameters: By name.
        gradients: In the order of the parameters.
        adam: Changed in place.
        rate: Step size.
        decay: Weight decay.
    """
    norm = torch.sqrt(sum((gradient.square().sum() for gradient in gradients), start=torch.zeros(())))
    cut = min(1.0, _MOST_NORM / (float(norm) + _EPSILON))
    adam.step += 1
    moved: dict[str, Tensor] = {}
    for (name, value), gradient in zip(parameters.items(), gradients, strict=True):
        slope = gradient.detach() * cut
        first = adam.first.get(name, torch.zeros_like(slope)) * _BETA_1 + (1 - _BETA_1) * slope
        second = adam.second.get(name, torch.zeros_like(slope)) * _BETA_2 + (1 - _BETA_2) * slope.square()
        adam.first[name], adam.second[name] = first, second
        unbiased = (first / (1 - _BETA_1**adam.step)) / ((second / (1 - _BETA_2**adam.step)).sqrt() + _EPSILON)
        moved[name] = value.detach() * (1 - rate * decay) - rate * unbiased
    return moved


@dataclass(slots=True)
class TrainingState:
    """All that a training needs to go on bit for bit.

    Attributes:
        training: Fingerprint of what is being trained; another one's state must not be gone on with.
    """

    pooled_step: int
    meta_step: int
    parameters: dict[str, Tensor]
    log_rates: dict[str, Tensor]
    adam: AdamState
    training: str = ""

    def save(self, path: Path) -> None:
        """Write the state, whole or not at all."""
        tensors = {
            **{f"parameter.{name}": value for name, value in self.parameters.items()},
            **{f"rate.{name}": value for name, value in self.log_rates.items()},
            **{f"first.{name}": value for name, value in self.adam.first.items()},
            **{f"second.{name}": value for name, value in self.adam.second.items()},
            "steps": torch.tensor([self.pooled_step, self.meta_step, self.adam.step]),
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(path.suffix + ".partial")
        stored = {name: value.detach().contiguous().clone() for name, value in tensors.items()}
        save_file(stored, partial, {_TRAINING: self.training})
        partial.replace(path)

    @staticmethod
    def load(path: Path) -> "TrainingState | None":
        """Return the state kept in a file, None where there is none.

        Raises:
            CheckpointError: The file is no training state.
        """
        if not path.exists():
            return None
        try:
            with safe_open(path, "pt") as file:
                training = (file.metadata() or {}).get(_TRAINING, "")
            return _restored(load_file(path), training)
        except (SafetensorError, KeyError, ValueError, OSError) as error:
            raise CheckpointError(f"{path}: is not a training state: {error}; remove it to start anew") from error


def _restored(tensors: dict[str, Tensor], training: str) -> TrainingState:
    pooled_step, meta_step, adam_step_count = (int(one) for one in tensors.pop("steps"))

    def part(prefix: str) -> dict[str, Tensor]:
        return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}

    adam = AdamState(adam_step_count, part("first."), part("second."))
    return TrainingState(pooled_step, meta_step, _ordered(part("parameter.")), _ordered(part("rate.")), adam, training)


def _ordered(parameters: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the parameters layer by layer, weight before bias: sums must run in one order."""
    return dict(sorted(parameters.items(), key=lambda item: (int(item[0][5:].split(".")[0]), item[0].endswith("bias"))))
