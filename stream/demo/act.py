"""What the demo plays on a line that training never saw: life before labels, labels, and events that are judged."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stream.events.history import History
from stream.simulation.demo_world import LIVE_LINES, LIVE_TRADE_LINES, UNSEEN_LINE, UNSEEN_TRADE_LINE

DAY_S = 86_400.0
_PAYMENTS = (20.0, 24.0)
_DOCUMENTS = (300.0, 310.0)

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Act:
    """One line's part.

    Attributes:
        line: That training never saw.
        labels: Frauds of it that are labelled, at most.
        rows: Of live history: the line's own and those of lines beside it, int64 [n].
        labels_from_s: Event time from which labels are given, epoch seconds; those known by then are chosen from.
        judged_from_s: From which events are judged.
        until_s: Where it ends.
    """

    line: str
    labels: int
    rows: Rows
    labels_from_s: float
    judged_from_s: float
    until_s: float

    def parts(self, live: History) -> tuple[Rows, Rows, Rows]:
        """Return the rows before labels are given, those beside which they are, and those that are judged."""
        at_s = live.batch.occurred_at_s[self.rows]
        first, second = np.searchsorted(at_s, [self.labels_from_s, self.judged_from_s])
        return self.rows[:first], self.rows[first:second], self.rows[second:]

    def chosen_frauds(self, live: History, seed: int) -> Rows:
        """Return the frauds whose labels are given, in order of time."""
        known = live.label_known_at_s[self.rows] < self.labels_from_s
        own = np.asarray(live.batch.line)[self.rows] == self.line
        frauds = self.rows[known & own & (live.label[self.rows] == 1)]
        return np.sort(np.random.default_rng(seed).permutation(frauds)[: self.labels])


def acts_of(live: History, labels: int, document_labels: int) -> tuple[Act, Act]:
    """Return the act of payments, then that of documents.

    Args:
        live: Of both lines and those beside them.
        labels: Frauds of payments to label.
        document_labels: The same of documents.
    """
    payments, documents = ([line.name for line in lines] for lines in (LIVE_LINES, LIVE_TRADE_LINES))
    return (
        _act(live, UNSEEN_LINE.name, payments, labels, _PAYMENTS),
        _act(live, UNSEEN_TRADE_LINE.name, documents, document_labels, _DOCUMENTS),
    )


def _act(live: History, line: str, beside: list[str], labels: int, days: tuple[float, float]) -> Act:
    rows = np.flatnonzero(np.isin(np.asarray(live.batch.line), beside))
    at_s = live.batch.occurred_at_s[rows]
    first, judged = (float(at_s[0]) + day * DAY_S for day in days)
    return Act(line, labels, rows, first, judged, float(np.nextafter(at_s[-1], np.inf)))
