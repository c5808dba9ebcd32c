"""Which methods stand in the table."""

import importlib
import importlib.util
from collections.abc import Sequence

from metalearn.errors import MetalearnError
from metalearn.evaluation.baselines.line_trees import LineTrees
from metalearn.evaluation.baselines.logistic import logistic_map, logistic_on_labels
from metalearn.evaluation.baselines.logistic_on_trees import LogisticOnTrees
from metalearn.evaluation.baselines.meta_learned import fomaml, reptile
from metalearn.evaluation.baselines.neighbours import NearestNeighbours
from metalearn.evaluation.baselines.pooled_network import FineTunedNetwork, PooledNetwork
from metalearn.evaluation.baselines.pooled_trees import ContinuedTrees, PooledTrees, RefittedTrees
from metalearn.evaluation.baselines.prototypes import Prototypes
from metalearn.evaluation.baselines.unlabelled import Anomaly, Prevalence
from metalearn.evaluation.method import Method

POOLED_TREES = "pooled trees"
LINE_TREES = "trees on the labels"

_OURS = "metalearn.few_shot"


def wall() -> list[Method]:
    """Return all baselines."""
    return [
        Prevalence(),
        Anomaly(),
        PooledNetwork(),
        PooledTrees(),
        FineTunedNetwork(),
        logistic_on_labels(),
        logistic_map(),
        LineTrees(),
        RefittedTrees(),
        ContinuedTrees(),
        LogisticOnTrees(),
        Prototypes(),
        NearestNeighbours(),
        reptile(),
        fomaml(),
    ]


def ours() -> list[Method]:
    """Return the model that ships, where it is there: with all members asked of every row, and as the stream scores."""
    if importlib.util.find_spec(_OURS) is None or importlib.util.find_spec(f"{_OURS}.method") is None:
        return []
    made = importlib.import_module(f"{_OURS}.method").FewShotMethod
    return [made(), made("foreshot, cascade", cascade=True)]


def methods_named(names: Sequence[str]) -> list[Method]:
    """Return the methods of these names, all where none is given.

    Raises:
        MetalearnError: There is none of a name.
    """
    known = {method.name: method for method in [*ours(), *wall()]}
    if unknown := [name for name in names if name not in known]:
        raise MetalearnError(f"no method is called {unknown[0]}; there are {', '.join(known)}")
    return [known[name] for name in names] if names else list(known.values())
