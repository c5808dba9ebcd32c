"""The protocols of Finn et al. (2017) and of Meta-SGD (2017): what is trained, for how long, and to reach what."""

from dataclasses import dataclass, replace

import torch

from metalearn.learners.learner import NetworkShape
from metalearn.learners.maml import Maml
from metalearn.losses import squared_error
from metalearn.outer_loop import OuterPlan
from metalearn.study.result import Result, Tell
from metalearn.study.trial import Trial, run_trial
from metalearn.tasks.sinusoid import FINN, META_SGD

FINN_SHAPE = NetworkShape(1, (40, 40), spread=True)
WITH_CONSTANTS = replace(FINN_SHAPE, constants=10)
_TIMES_OF_MAML = 1.5


@dataclass(frozen=True, slots=True)
class Lengths:
    """Outer steps of each kind of training.

    Attributes:
        finn: Of Finn's protocol.
        finn_biased: With the bias transformation, which goes on gaining for longer.
        one_step: Of Meta-SGD's protocol, one inner step.
        many_steps: Of MAML++ and its ablations, five inner steps.
    """

    finn: int = 8_000
    finn_biased: int = 20_000
    one_step: int = 6_000
    many_steps: int = 5_000


QUICK = Lengths(12, 12, 12, 6)


_FINN_TARGETS = ((10, "0.20", 0.25), (5, "0.30", 0.35))


def finn_trials(seed: int, lengths: Lengths) -> list[Trial]:
    """Return MAML and FOMAML for ten and for five points, without and with the bias transformation."""
    plain = OuterPlan(lengths.finn, 25, 2e-2, warm_up=100, optimiser="soap", seed=seed)
    plans = {FINN_SHAPE: plain, WITH_CONSTANTS: replace(plain, steps=lengths.finn_biased)}
    made: list[Trial] = []
    for shots, published, most in _FINN_TARGETS:
        for shape, plan in plans.items():
            name = f"{' with bias transformation' if shape.constants else ''}, {shots}-shot"
            maml = Maml(shape, squared_error, 1, 0.01)
            made.append(Trial("finn", f"MAML{name}", maml, FINN, shots, 50, plan, published, most))
            first, half = replace(maml, first_order=True), replace(plan, rate=plan.rate / 2)
            made.append(Trial("finn", f"FOMAML{name}", first, FINN, shots, 50, half))
    return made


def run_finn(seed: int, lengths: Lengths, tell: Tell, device: torch.device) -> list[Result]:
    """Run Finn's protocol; FOMAML is held against MAML on the same network, which comes before it."""
    made: list[Result] = []
    for trial in finn_trials(seed, lengths):
        found = run_trial(trial, tell, device)
        made.append(held_against(found, made[-1]) if trial.learner.first_order else found)
    return made


def held_against(first_order: Result, maml: Result) -> Result:
    """Return FOMAML's row with its target: at most 1.5 times MAML's error."""
    most = _TIMES_OF_MAML * maml.reached
    return replace(first_order, target=f"≤ {_TIMES_OF_MAML} times MAML ({most:.3f})", met=first_order.reached <= most)


MAML_PLUS_PLUS = Maml(
    FINN_SHAPE,
    squared_error,
    steps=5,
    rate=0.03,
    learned_rates="layer_and_step",
    multi_step=True,
    first_order_share=0.3,
)
"""Five steps, rates by layer and step, multi-step loss, first order at first (Antoniou et al., 2019)."""


def meta_sgd_trials(seed: int, lengths: Lengths) -> list[Trial]:
    """Return MAML, Meta-SGD, MAML++ and MAML++ with each switch off in turn, five points."""
    one = OuterPlan(lengths.one_step, 16, 1e-2, warm_up=100, optimiser="soap", seed=seed)
    many = replace(one, steps=lengths.many_steps)
    maml = Maml(FINN_SHAPE, squared_error, 1, 0.01)
    full = MAML_PLUS_PLUS

    def trial(method: str, learner: Maml, plan: OuterPlan, published: str = "", most: float | None = None) -> Trial:
        return Trial("meta-sgd", method, learner, META_SGD, 5, 30, plan, published, most)

    return [
        trial("MAML", maml, one, "0.93-1.13", 1.0),
        trial("Meta-SGD", replace(maml, learned_rates="parameter"), one, "0.90", 0.95),
        trial("MAML++", full, many, "0.34", 0.40),
        trial("MAML++, one inner step", replace(full, steps=1), many),
        trial("MAML++, one fixed rate", replace(full, learned_rates="none"), many),
        trial("MAML++, last step's loss alone", replace(full, multi_step=False), many),
        trial("MAML++, no cosine annealing", full, replace(many, cosine=False)),
        trial("MAML++, second order throughout", replace(full, first_order_share=0.0), many),
        trial("MAML++, first order throughout", replace(full, first_order=True), many),
    ]


def run_meta_sgd(seed: int, lengths: Lengths, tell: Tell, device: torch.device) -> list[Result]:
    """Run Meta-SGD's protocol."""
    return [run_trial(trial, tell, device) for trial in meta_sgd_trials(seed, lengths)]
