"""The figures of a backtest: overall, per week by the handbook's protocol, per line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from metalearn.evaluation.card_precision import CardEvents, card_precision, kept_events, numbered
from metalearn.evaluation.ranking import auc, average_precision, recall_at_alert_share, value_detection_rate
from stream.backtest.judged_weeks import WEEK_S, JudgedWeeks
from stream.events.history import History

_ALERT_SHARE = 0.01
_MEANS = (
    "auc",
    "average_precision",
    "card_precision_at_100",
    "recall_at_1pct_alerts",
    "value_detection_rate",
)


@dataclass(frozen=True, slots=True)
class Scored:
    """A history's events with their scores.

    Attributes:
        scores: NaN where an event was not scored (a repeat), float64 [n].
    """

    history: History
    scores: npt.NDArray[np.float64]
    subject: npt.NDArray[np.int64]


def scored(history: History, scores: npt.NDArray[np.float64]) -> Scored:
    """Return a history with its scores."""
    return Scored(history, scores, numbered(history.batch.subject))


def figures(found: Scored, judged: JudgedWeeks) -> dict[str, Any]:
    """Return `metrics.json`.

    Weeks leave out cards known to be compromised, as the handbook does; overall is the
    mean over the weeks for shares and the sum for counts. Lines are taken over all the
    weeks' events, known cards included.
    """
    weeks = [{"start": _date(start), **_week(found, start)} for start in judged.starts]
    return {
        "in_sample": bool(judged.in_sample),
        "overall": _overall(weeks),
        "weeks": weeks,
        "lines": _lines(found, judged),
    }


def _date(epoch_s: float) -> str:
    return datetime.fromtimestamp(epoch_s, UTC).date().isoformat()


def _week(found: Scored, start_s: float) -> dict[str, float | int | None]:
    occurred_at_s = found.history.batch.occurred_at_s
    near = (occurred_at_s >= start_s - 2 * WEEK_S) & (occurred_at_s < start_s + WEEK_S) & np.isfinite(found.scores)
    events = CardEvents(found.subject[near], occurred_at_s[near], found.history.label[near], found.scores[near])
    kept = kept_events(events, start_s)
    made = _figures(events.scores[kept], events.labels[kept], found.history.batch.amount[near][kept])
    made["card_precision_at_100"] = card_precision(events, kept, start_s)
    return made


def _figures(
    scores: npt.NDArray[np.float64], labels: npt.NDArray[np.integer], amounts: npt.NDArray[np.float64]
) -> dict[str, float | int | None]:
    return {
        "auc": _or_none(auc(scores, labels)),
        "average_precision": _or_none(average_precision(scores, labels)),
        "card_precision_at_100": None,
        "recall_at_1pct_alerts": _or_none(recall_at_alert_share(scores, labels, _ALERT_SHARE)),
        "value_detection_rate": _or_none(value_detection_rate(scores, labels, amounts, _ALERT_SHARE)),
        "events": len(scores),
        "frauds": int((labels == 1).sum()),
    }


def _or_none(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _overall(weeks: Sequence[dict[str, Any]]) -> dict[str, float | int | None]:
    made: dict[str, float | int | None] = {}
    for name in _MEANS:
        known = [week[name] for week in weeks if week[name] is not None]
        made[name] = float(np.mean(known)) if known else None
    made["events"] = sum(week["events"] for week in weeks)
    made["frauds"] = sum(week["frauds"] for week in weeks)
    return made


def _lines(found: Scored, judged: JudgedWeeks) -> dict[str, Any]:
    batch = found.history.batch
    within = np.isfinite(found.scores) & judged.covers(batch.occurred_at_s)
    names = np.asarray(batch.line)
    made = {}
    for line in found.history.lines:
        own = within & (names == line)
        one = _figures(found.scores[own], found.history.label[own], batch.amount[own])
        cards = [_week(_only(found, names == line), start)["card_precision_at_100"] for start in judged.starts]
        one["card_precision_at_100"] = float(np.mean(cards)) if cards else None  # type: ignore[arg-type]
        made[line] = one
    return made


def _only(found: Scored, own: npt.NDArray[np.bool_]) -> Scored:
    return Scored(found.history, np.where(own, found.scores, np.nan), found.subject)
