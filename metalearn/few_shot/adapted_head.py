"""A network on evidence columns whose last layer is meta-learned to adapt to a support.

The inner loop of ANIL (Raghu et al., "Rapid learning or feature reuse?", 2020): the body
is shared, the head takes gradient steps on the support's own rows, each seen without
itself, and the outer loop differentiates through them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from metalearn.few_shot.episode_bank import BankedEpisode
from metalearn.few_shot.head_network import CLIP, HeadNetwork
from metalearn.inner_loop import InnerLoop, descend
from metalearn.losses import balanced_cross_entropy
from metalearn.networks import for_tasks, forward, initial_parameters
from metalearn.rows import Rows, padded, rows_of

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class HeadPlan:
    """How the network is trained.

    Attributes:
        widths: Of the hidden layers.
        inner_steps: Gradient steps of the head.
        inner_rate: Their first size; it is learned.
        fraud_share: The frauds' share of every loss.
        steps: Of the outer loop.
        tasks: Episodes in a step.
        rate: Highest step size.
        weight_decay: Of AdamW.
        clip: Largest norm of the outer gradient.
    """

    widths: tuple[int, ...] = (64, 64)
    inner_steps: int = 5
    inner_rate: float = 0.223
    fraud_share: float = 0.1
    steps: int = 1_000
    tasks: int = 24
    rate: float = 2e-3
    weight_decay: float = 0.01
    clip: float = 5.0


def train_head(
    bank: Sequence[BankedEpisode], width: int, plan: HeadPlan, seed: int, tell: Callable[[int, int, float], None]
) -> HeadNetwork:
    """Return the network trained over a bank.

    Args:
        bank: Episodes.
        width: How many of their columns the network takes, from the first.
        plan: How.
        seed: Of all chance.
        tell: Told step, steps and loss.
    """
    sample = np.concatenate([one.columns[:, :width] for one in bank])
    mean, scale = sample.mean(0), np.maximum(sample.std(0), 1e-3)

    def tensor(columns: Floats) -> Tensor:
        return torch.from_numpy(np.clip((columns[:, :width] - mean) / scale, -CLIP, CLIP).astype(np.float32))

    query = [rows_of(tensor(one.columns), torch.from_numpy(one.labels)) for one in bank]
    support = [rows_of(tensor(one.support), torch.from_numpy(one.support_labels)) for one in bank]
    generator = torch.Generator().manual_seed(seed)
    state = initial_parameters(width, plan.widths, generator)
    state["log_rate"] = torch.tensor(float(np.log(plan.inner_rate)))
    live = {name: value.requires_grad_() for name, value in state.items()}
    optimiser = torch.optim.AdamW(live.values(), lr=plan.rate, weight_decay=plan.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, plan.rate, plan.steps)
    lines = _by_line(bank)
    for step in range(plan.steps):
        chance = np.random.default_rng([seed, step])
        chosen = [int(chance.choice(lines[int(chance.integers(len(lines)))])) for _ in range(plan.tasks)]
        loss = _outer_loss(live, padded([support[at] for at in chosen]), padded([query[at] for at in chosen]), plan)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(live.values(), plan.clip)
        optimiser.step()
        schedule.step()
        tell(step + 1, plan.steps, float(loss.detach()))
    arrays = {name: value.detach().numpy().copy() for name, value in live.items()}
    rate = float(np.exp(arrays.pop("log_rate")))
    return HeadNetwork(
        mean.astype(np.float32), scale.astype(np.float32), arrays, rate, plan.inner_steps, plan.fraud_share
    )


def _by_line(bank: Sequence[BankedEpisode]) -> list[list[int]]:
    found: dict[int, list[int]] = {}
    for at, episode in enumerate(bank):
        found.setdefault(episode.line, []).append(at)
    return list(found.values())


def _outer_loss(state: Mapping[str, Tensor], support: Rows, query: Rows, plan: HeadPlan) -> Tensor:
    last = len(plan.widths)
    body = {name: value for name, value in state.items() if name.startswith("layer")}
    head = {f"layer0.{part}": body.pop(f"layer{last}.{part}") for part in ("weight", "bias")}
    seen, judged = (_hidden(body, rows.inputs) for rows in (support, query))

    def loss(current: Mapping[str, Tensor]) -> Tensor:
        of_task = balanced_cross_entropy(forward(current, seen), support.targets, support.weights, plan.fraud_share)
        # A task without frauds has nothing to adapt to.
        return (of_task * (support.targets.sum(-1) > 0)).sum()

    rate = state["log_rate"].exp()
    adapted = descend(
        loss,
        for_tasks(head, len(support)),
        dict.fromkeys(head, rate),
        InnerLoop(plan.inner_steps, first_order=False),
    )
    return balanced_cross_entropy(forward(adapted, judged), query.targets, query.weights, plan.fraud_share).mean()


def _hidden(body: Mapping[str, Tensor], rows: Tensor) -> Tensor:
    out = rows
    for index in range(len(body) // 2):
        out = torch.relu(out @ body[f"layer{index}.weight"].T + body[f"layer{index}.bias"])
    return out
