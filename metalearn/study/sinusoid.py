"""The study of sine waves: every protocol, or one."""

import torch

from metalearn.study import bayesian
from metalearn.study import gradient_protocols as gradients
from metalearn.study.result import Result, Tell

PROTOCOLS = ("finn", "meta-sgd", "bmaml")


def run_sinusoid(protocol: str, seed: int, tell: Tell, device: torch.device, *, quick: bool) -> list[Result]:
    """Return the rows of a protocol, or of `all`.

    Args:
        protocol: One of `PROTOCOLS`, or `all`.
        seed: Of all chance.
        tell: Told of every outer step.
        device: Where the states are trained.
        quick: Whether a few steps do: to see that everything runs, with no meaning in the figures.
    """
    lengths = gradients.QUICK if quick else gradients.Lengths()
    plan = bayesian.QUICK if quick else bayesian.BayesianPlan()
    chosen = PROTOCOLS if protocol == "all" else (protocol,)
    found: list[Result] = []
    if "finn" in chosen:
        found += gradients.run_finn(seed, lengths, tell, device)
    if "meta-sgd" in chosen:
        found += gradients.run_meta_sgd(seed, lengths, tell, device)
    if "bmaml" in chosen:
        found += bayesian.run_bayesian(seed, plan, tell, device)
    return found
