"""Rules on one request by itself: the best of two thresholds, and trees on all of its fields together."""

from collections import defaultdict

import lightgbm as lgb
import numpy as np
import numpy.typing as npt

from metalearn.evaluation.ranking import auc
from stream.simulation.leak_audit import Rule, best_rule
from stream.simulation.supply_chain.audit_fields import raw_fields
from stream.simulation.supply_chain.simulate import Simulated

Floats = npt.NDArray[np.float64]

_FOLDS = 5
_ABSENT = -1.0
_TREES = {"objective": "binary", "num_leaves": 15, "learning_rate": 0.05, "verbose": -1, "num_threads": 1, "seed": 0}
_ROUNDS = 80


def rules_of(simulated: Simulated) -> dict[str, Rule]:
    """Return each line's most precise rule of two thresholds on one request."""
    rows = _requests(simulated)
    names, table = _table(simulated, rows)
    label = np.array([simulated.origins[row].is_fraud for row in rows], np.int64)
    line = np.array([simulated.documents[row]["line"] for row in rows])
    columns = {name: table[:, at] for at, name in enumerate(names)}
    return {str(one): best_rule(columns, label, line == one) for one in np.unique(line)}


def together_of(simulated: Simulated) -> dict[str, float]:
    """Return the AUC of trees on all fields of one request, by family, on lines that they were not fitted on."""
    rows = _requests(simulated)
    _, table = _table(simulated, rows)
    lines = np.array([simulated.documents[row]["line"] for row in rows])
    family = np.array([one.behaviour if (one := simulated.origins[row]).is_fraud else "" for row in rows])
    ranked = _ranked(table, lines)
    fold = np.unique(lines, return_inverse=True)[1] % _FOLDS
    score = np.zeros(len(rows))
    for held in range(_FOLDS):
        fitted = fold != held
        data = lgb.Dataset(ranked[fitted], (family[fitted] != "").astype(np.float64))
        score[~fitted] = lgb.train(_TREES, data, _ROUNDS).predict(ranked[~fitted])
    own = {str(one): (family == "") | (family == one) for one in np.unique(family) if one}
    return {one: auc(score[rows_of_it], (family == one)[rows_of_it]) for one, rows_of_it in own.items()}


def _requests(simulated: Simulated) -> list[int]:
    return [row for row, one in enumerate(simulated.documents) if one["type"] == "financing_request"]


def _table(simulated: Simulated, rows: list[int]) -> tuple[list[str], Floats]:
    values = [{**raw_fields(simulated.documents[row]), "row": float(row)} for row in rows]
    names = sorted(set().union(*values))
    return names, np.array([[one.get(name, _ABSENT) for name in names] for one in values])


def _ranked(table: Floats, lines: npt.NDArray[np.str_]) -> Floats:
    """Return each field as its share of the same line's requests below it."""
    ranked = np.empty_like(table)
    rows: dict[str, list[int]] = defaultdict(list)
    for row, line in enumerate(lines.tolist()):
        rows[line].append(row)
    for own in rows.values():
        part = table[own]
        for at in range(table.shape[1]):
            values, index, counts = np.unique(part[:, at], return_inverse=True, return_counts=True)
            del values
            ranked[own, at] = (np.cumsum(counts) - counts / 2)[index] / len(own)
    return ranked
