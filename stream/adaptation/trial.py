"""One attempt at new weights: draw a support, teach, judge."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from stream.adaptation.adapter import Adapter
from stream.adaptation.cross_fit import can_cross_fit, cross_fit
from stream.adaptation.gate import GateSet, Scorer, Verdict, can_judge, check_sanity, judge, later_figures
from stream.adaptation.paired_ranking import JudgedRows
from stream.adaptation.support_buffer import Held, SupportBuffer, rows_of
from stream.adaptation.support_sample import SupportSample, draw, generator_for
from stream.scoring.line_weights import LineWeights


@dataclass(frozen=True, slots=True)
class TrialPlan:
    """What one attempt starts from.

    Attributes:
        line: Business line.
        version: The version that the candidate would get.
        current: The weights in force.
        known_by: How many examples had been folded when those were made.
        with_labels: False for a line's first weights, which only learn its own scale.
        support_genuine: The most rows that are not fraud in the support.
        gate_tolerance: Fall in average precision that the gate lets pass.
    """

    line: str
    version: int
    current: LineWeights
    known_by: int
    with_labels: bool
    support_genuine: int
    gate_tolerance: float


@dataclass(frozen=True, slots=True)
class Trial:
    """A candidate, what it was taught, and how it was judged."""

    candidate: LineWeights
    sample: SupportSample
    verdict: Verdict


def try_candidate(plan: TrialPlan, buffer: SupportBuffer, adapter: Adapter, made_at: datetime) -> Trial:
    """Return a candidate made from what the buffer holds, and the gate's verdict on it."""
    generator = generator_for(plan.line, plan.version)
    sample = draw(buffer, plan.support_genuine, generator) if plan.with_labels else SupportSample([], [], [])
    candidate = adapter.build(plan.line, plan.version, plan.current, sample, buffer, made_at)
    verdict = _judge(plan, buffer, adapter, candidate, sample)
    return Trial(adapter.with_figures(candidate, verdict.figures, buffer), sample, verdict)


def _judge(
    plan: TrialPlan, buffer: SupportBuffer, adapter: Adapter, candidate: LineWeights, sample: SupportSample
) -> Verdict:
    ours, theirs = adapter.scorer(candidate), adapter.scorer(plan.current)
    gate_set = _gate_set(plan, buffer, sample, adapter.width)
    negatives = gate_set.features[~gate_set.fraud]
    sane = check_sanity(ours(negatives), theirs(negatives) if sample.frauds else None)
    if not sane.accepted or not sample.frauds:
        return sane
    if can_judge(gate_set.fraud, gate_set.newer):
        return _merged(_on_gate_set(gate_set, ours, theirs, plan.gate_tolerance), sane)
    if can_cross_fit(sample.frauds, plan.known_by):
        parts = cross_fit(adapter.ranker(buffer), sample, plan.known_by, negatives)
        return _merged(judge(parts, plan.gate_tolerance, "older labels, cross-fitted"), sane)
    return sane


def _on_gate_set(gate_set: GateSet, ours: Scorer, theirs: Scorer, tolerance: float) -> Verdict:
    rows = JudgedRows(ours(gate_set.features), theirs(gate_set.features), gate_set.fraud, gate_set.newer)
    verdict = judge([rows], tolerance, "held-back labels")
    return Verdict(verdict.accepted, verdict.reason, verdict.figures | later_figures(rows, gate_set.later))


def _merged(verdict: Verdict, sane: Verdict) -> Verdict:
    return Verdict(verdict.accepted, verdict.reason, sane.figures | verdict.figures)


def _gate_set(plan: TrialPlan, buffer: SupportBuffer, sample: SupportSample, width: int) -> GateSet:
    frauds = buffer.frauds(reserved=True)
    held: list[Held] = [*frauds, *buffer.genuine(reserved=True), *buffer.presumed_genuine(reserved=True)]
    newest_s = sample.newest_occurred_at_s()
    return GateSet(
        rows_of(held, width),
        np.arange(len(held)) < len(frauds),
        np.array([one.learnt_at > plan.known_by for one in held], np.bool_),
        np.array([one.example.occurred_at_s > newest_s for one in held], np.bool_),
    )
