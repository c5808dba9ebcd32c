"""Simulates lines of supply-chain finance: their documents in event-time order, and the truth apart from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from stream.simulation.cards import START_S
from stream.simulation.supply_chain.behaviours import DECOYS, FAMILIES, Behaviour
from stream.simulation.supply_chain.deal import BEFORE_DAYS, draw_deal
from stream.simulation.supply_chain.deal_life import live
from stream.simulation.supply_chain.draft import Draft
from stream.simulation.supply_chain.economy import draw_economy
from stream.simulation.supply_chain.line_profile import SupplyChainLine
from stream.simulation.supply_chain.numbering import number_all
from stream.simulation.supply_chain.scene import Scene
from stream.simulation.supply_chain.working_time import DAY_S, day_text

_MOST_TRIES = 1_000
_FINANCING = ("financing_request", "assignment")
_FINANCED = ("invoice", "purchase_order")
# Whose members declare which part of a document they finance.
_IN_PARTS = ("syndication",)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a document comes from.

    Attributes:
        behaviour: Family of fraud or decoy; empty for plain trade.
        scheme: Number of the fraud or decoy within its line, -1 for plain trade.
        is_fraud: Whether it shows a fraud; other documents of a fraud, and decoys, do not.
        is_act: Whether it shows a fraud or a decoy.
        is_paid: Whether money went out.
    """

    behaviour: str
    scheme: int
    is_fraud: bool
    is_act: bool
    is_paid: bool


@dataclass(frozen=True, slots=True)
class Simulated:
    """Documents and, in the same order, where each comes from.

    Attributes:
        documents: As JSON has them, in event-time order.
        origins: Of each.
    """

    documents: list[dict[str, Any]]
    origins: list[Origin]


def simulate_supply_chain(
    lines: Sequence[SupplyChainLine], days: int, seed: int, start_s: float = START_S, *, told: bool = False
) -> Simulated:
    """Return the documents of all lines in event-time order.

    Args:
        lines: The lines.
        days: How long.
        seed: Of all chance; the same one makes the same documents.
        start_s: Time of the first day, a Monday, epoch seconds.
        told: Whether requests and assignments say what the document that they name says, as `financed`.
    """
    rows: list[tuple[float, str, dict[str, Any], Origin]] = []
    for at, line in enumerate(lines):
        drafts = simulate_line(line, days, [seed, at])
        rows += _written(line, drafts, days, np.random.default_rng([seed, at, 4]), start_s, told=told)
    rows.sort(key=lambda row: row[:2])
    return Simulated([row[2] for row in rows], [row[3] for row in rows])


def simulate_line(line: SupplyChainLine, days: int, seed: list[int]) -> list[Draft]:
    """Return one line's documents, in no order; what is honest does not depend on its frauds and decoys."""
    economy = draw_economy(line, days, np.random.default_rng([*seed, 0]))
    honest, frauds, decoys = (Scene(line, economy, days, np.random.default_rng([*seed, part])) for part in (1, 2, 3))
    for _ in range(round(line.deals_per_year * (days + BEFORE_DAYS) / 365)):
        live(honest, draw_deal(honest))
    for at, (name, share) in enumerate(line.families.items()):
        _stage(frauds, name, FAMILIES[name], round(share * line.frauds_per_year * days / 365), 1_000 * at)
    for at, (name, a_year) in enumerate(line.decoys.items(), len(line.families)):
        _stage(decoys, name, DECOYS[name], round(a_year * days / 365), 1_000 * at)
    return honest.drafts + frauds.drafts + decoys.drafts


def _stage(scene: Scene, name: str, behaviour: Behaviour, wanted: int, scheme: int) -> None:
    """Add schemes until so many events within the time show the behaviour.

    Those that show themselves before or after are kept: without them, few documents near
    either end would be a fraud's.
    """
    for _ in range(_MOST_TRIES):
        if wanted <= 0:
            return
        before = len(scene.drafts)
        acts = [act for act in behaviour.make(scene, wanted) if 0 <= act.day < scene.days]
        for draft in scene.drafts[before:]:
            draft.behaviour, draft.scheme = name, scheme
        for act in acts:
            act.is_act = True
        wanted -= len(acts)
        scheme += 1


def _written(
    line: SupplyChainLine,
    drafts: list[Draft],
    days: float,
    generator: np.random.Generator,
    start_s: float,
    *,
    told: bool,
) -> list[tuple[float, str, dict[str, Any], Origin]]:
    numbers = {id(draft): number for draft, number in zip(drafts, number_all(drafts, generator), strict=True)}
    rows = []
    for draft in drafts:
        event_id = f"{generator.integers(2**62):016x}"
        if not 0 <= draft.day < days:
            continue
        when = round(start_s + draft.day * DAY_S, 3)
        fraud = draft.is_act and draft.behaviour in line.families
        origin = Origin(draft.behaviour, draft.scheme, fraud, draft.is_act, draft.is_paid)
        document = _document(line, draft, event_id, when, numbers, start_s)
        if told and (financed := _financed(draft, numbers, start_s)):
            document["financed"] = financed
        rows.append((when, event_id, document, origin))
    return rows


def _financed(draft: Draft, numbers: dict[int, str], start_s: float) -> list[dict[str, Any]]:
    """Return what a request or an assignment says of the documents that it names, as far as these bear an amount."""
    if draft.kind not in _FINANCING:
        return []
    return [
        {
            "type": one.kind,
            "number": numbers[id(one)],
            "issuer": one.issuer.id,
            "amount_minor": one.fields["amount_minor"],
            "currency": one.fields["currency"],
            "issue_date": day_text(one.issued, start_s),
            **({} if one.due is None else {"due_date": day_text(max(one.due, one.issued), start_s)}),
            **_declared_part(draft, one),
        }
        for one in draft.refers
        if one.kind in _FINANCED and "amount_minor" in one.fields
    ]


def _declared_part(draft: Draft, document: Draft) -> dict[str, int]:
    if draft.behaviour not in _IN_PARTS:
        return {}
    return {"instalment_minor": min(draft.fields["amount_minor"], document.fields["amount_minor"])}


def _document(
    line: SupplyChainLine, draft: Draft, event_id: str, when: float, numbers: dict[int, str], start_s: float
) -> dict[str, Any]:
    document: dict[str, Any] = {
        "type": draft.kind,
        "event_id": event_id,
        "line": line.name,
        "occurred_at_s": when,
        "document_number": numbers[id(draft)],
        "issue_date": day_text(draft.issued, start_s),
    }
    if draft.due is not None:
        document["due_date"] = day_text(max(draft.due, draft.issued), start_s)
    if draft.refers:
        document["references"] = [
            {"type": one.kind, "number": numbers[id(one)], "issuer": one.issuer.id} for one in draft.refers
        ]
    return document | draft.fields
