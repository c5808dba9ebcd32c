"""One attempt at new weights: draw a support, teach, judge."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from stream.adaptation.adapter import Adapter
from stream.adaptation.cross_fit import can_cross_fit, cross_fit
from stream.adaptation.gate import (
    ENOUGH_GATE_FRAUDS,
    GateSet,
    Scorer,
    Verdict,
    can_judge,
    check_sanity,
    judge,
    later_figures,
)
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
        anchor: The weights in force before the labels that are too young to be trusted.
        known_by: How many examples had been folded when the current weights were made.
        trusted_until_s: Labels learnt by this event time are trusted to judge others.
        folded: How many examples the candidate knows.
        with_labels: False for a line's first weights, which learn from no label.
        with_new_sources: False where the gate has refused what sources taught that nothing vouches for.
        support_genuine: The most rows that are not fraud in the support.
        gate_tolerance: Fall in average precision that the gate lets pass.
    """

    line: str
    version: int
    current: LineWeights
    anchor: LineWeights
    known_by: int
    trusted_until_s: float
    folded: int
    with_labels: bool
    with_new_sources: bool
    support_genuine: int
    gate_tolerance: float

    def is_older(self, held: Held) -> bool:
        """Return whether a label may judge others.

        The current weights knew it, it has stood for long enough, and so does its source. What is learnt
        example by example would else be trusted as soon as it is learnt.
        """
        return held.stands and held.learnt_at <= self.known_by and held.learnt_at_s <= self.trusted_until_s


@dataclass(frozen=True, slots=True)
class Trial:
    """A candidate, what it was taught, and how it was judged."""

    candidate: LineWeights
    sample: SupportSample
    verdict: Verdict


def try_candidate(plan: TrialPlan, buffer: SupportBuffer, adapter: Adapter, made_at: datetime) -> Trial:
    """Return a candidate made from what the buffer holds, and the gate's verdict on it."""
    generator = generator_for(plan.line, plan.version)
    sample = draw(buffer, plan.support_genuine, generator)
    if not plan.with_new_sources:
        sample = sample.of_standing_sources()
    if not plan.with_labels:
        sample = SupportSample([], [], sample.presumed)
    candidate = adapter.build(plan.line, plan.version, plan.current, sample, buffer, made_at)
    verdict = _judge(plan, buffer, adapter, candidate, sample)
    return Trial(adapter.with_figures(candidate, verdict.figures, buffer, plan.folded), sample, verdict)


def _judge(
    plan: TrialPlan, buffer: SupportBuffer, adapter: Adapter, candidate: LineWeights, sample: SupportSample
) -> Verdict:
    ours, theirs, anchor = (adapter.scorer(one) for one in (candidate, plan.current, plan.anchor))
    gate_set = _gate_set(plan, buffer, sample, adapter.width)
    negatives = gate_set.features[~gate_set.fraud]
    sane = check_sanity(ours(negatives), theirs(negatives) if sample.frauds else None)
    if not sane.accepted or not sample.frauds:
        return sane
    older_taught = sum(map(plan.is_older, sample.frauds))
    verdict = sane
    if can_judge(gate_set.fraud, gate_set.newer, older_taught):
        verdict = _merged(_on_gate_set(gate_set, ours, theirs, anchor, plan.gate_tolerance), sane)
        if not verdict.accepted or gate_set.trusted() >= ENOUGH_GATE_FRAUDS:
            return verdict
    if can_cross_fit(len(sample.frauds), older_taught):
        parts = cross_fit(adapter.ranker(buffer), sample, plan.is_older, negatives)
        crossed = _merged(judge(parts, plan.gate_tolerance, "older labels, cross-fitted"), sane)
        # A few held-back frauds may all be of a kind that no weights find: both must pass.
        return crossed if verdict is sane or not crossed.accepted else verdict
    return verdict


def _on_gate_set(gate_set: GateSet, ours: Scorer, theirs: Scorer, anchor: Scorer, tolerance: float) -> Verdict:
    candidate = ours(gate_set.features)
    rows = JudgedRows(candidate, theirs(gate_set.features), gate_set.fraud, gate_set.newer)
    verdict = judge([rows], tolerance, "held-back labels")
    figures = verdict.figures | later_figures(rows, gate_set.later)
    if not verdict.accepted or gate_set.newer.all():
        return Verdict(verdict.accepted, verdict.reason, figures)
    # Each of many small steps may pass; all together must pass too.
    before = JudgedRows(candidate, anchor(gate_set.features), gate_set.fraud, gate_set.newer)
    whole = judge([before], tolerance, "held-back labels since the newest labels came")
    return Verdict(whole.accepted, verdict.reason if whole.accepted else whole.reason, figures)


def _merged(verdict: Verdict, sane: Verdict) -> Verdict:
    return Verdict(verdict.accepted, verdict.reason, sane.figures | verdict.figures)


def _gate_set(plan: TrialPlan, buffer: SupportBuffer, sample: SupportSample, width: int) -> GateSet:
    frauds = buffer.frauds(reserved=True)
    held: list[Held] = [*frauds, *buffer.genuine(reserved=True), *buffer.presumed_genuine(reserved=True)]
    newest_s = sample.newest_occurred_at_s()
    return GateSet(
        rows_of(held, width),
        np.arange(len(held)) < len(frauds),
        np.array([not plan.is_older(one) for one in held], np.bool_),
        np.array([one.example.occurred_at_s > newest_s for one in held], np.bool_),
    )
