"""SOAP: Adam in the eigenbasis of a matrix's gradients, for outer loops in which Adam stays far from the best.

Vyas, Morwani, Zhao, Kwun, Shapira, Brandfonbrener, Janson and Kakade, "SOAP: improving and
stabilizing Shampoo using Adam", 2024, algorithm 3.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

Pair = tuple[Tensor | None, Tensor | None]
"""Of a matrix's rows and of its columns; None where there is but one."""


@dataclass(slots=True)
class _Kept:
    """What is kept of one parameter, as a matrix: moments, mean products of gradients, their eigenvectors."""

    first: Tensor
    second: Tensor
    products: Pair
    bases: Pair


class Soap(torch.optim.Optimizer):
    """Steps along Adam's direction in a basis that is renewed by one QR step from time to time.

    The last two axes of a parameter are its matrix, those before them are a batch; a vector
    is a column.
    """

    def __init__(
        self,
        parameters: Sequence[Tensor],
        rate: float,
        decay: tuple[float, float] = (0.95, 0.95),
        renewed_every: int = 10,
        epsilon: float = 1e-8,
    ) -> None:
        """Optimise `parameters`.

        Args:
            parameters: What moves.
            rate: Step size.
            decay: Of the moments; the second also of the gradients' products.
            renewed_every: Steps between two renewals of the basis.
            epsilon: Added to the root of the second moment.
        """
        super().__init__(parameters, {"lr": rate})
        self._decay = decay
        self._renewed_every = renewed_every
        self._epsilon = epsilon
        self._steps = 0
        self._kept: dict[int, _Kept] = {}

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]  # noqa: ARG002 - torch's signature
        """Move the parameters against their gradients."""
        self._steps += 1
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    move = self._move(id(parameter), _matrix(parameter.grad))
                    parameter.sub_(group["lr"] * move.reshape(parameter.shape))

    def _move(self, key: int, gradient: Tensor) -> Tensor:
        kept = self._kept.get(key) or _begun(gradient)
        fade, fade_square = self._decay
        rotated = _rotated(gradient, kept.bases)
        first = torch.lerp(gradient, kept.first, fade)
        second = torch.lerp(rotated.square(), kept.second, fade_square)
        unbiased = _rotated(first, kept.bases) / (1 - fade**self._steps)
        scale = (second / (1 - fade_square**self._steps)).sqrt() + self._epsilon
        move = _rotated(unbiased / scale, _turned(kept.bases))
        products = _faded(kept.products, _products(gradient), fade_square)
        due = self._steps % self._renewed_every == 0
        bases = _renewed(products, kept.bases) if due else kept.bases
        self._kept[key] = _Kept(first, second, products, bases)
        return move


def _matrix(value: Tensor) -> Tensor:
    return value if value.dim() > 1 else value.reshape(-1, 1)


def _products(gradient: Tensor) -> Pair:
    rows, columns = gradient.shape[-2:]
    return gradient @ gradient.mT if rows > 1 else None, gradient.mT @ gradient if columns > 1 else None


def _begun(gradient: Tensor) -> _Kept:
    products = _products(gradient)
    left, right = (None if product is None else torch.linalg.eigh(product).eigenvectors for product in products)
    return _Kept(torch.zeros_like(gradient), torch.zeros_like(gradient), products, (left, right))


def _faded(old: Pair, new: Pair, fade: float) -> Pair:
    left, right = (
        None if one is None or other is None else torch.lerp(other, one, fade)
        for one, other in zip(old, new, strict=True)
    )
    return left, right


def _renewed(products: Pair, bases: Pair) -> Pair:
    left, right = (
        None if product is None or basis is None else torch.linalg.qr(product @ basis).Q
        for product, basis in zip(products, bases, strict=True)
    )
    return left, right


def _rotated(value: Tensor, bases: Pair) -> Tensor:
    left, right = bases
    turned = value if left is None else left.mT @ value
    return turned if right is None else turned @ right


def _turned(bases: Pair) -> Pair:
    left, right = bases
    return None if left is None else left.mT, None if right is None else right.mT
