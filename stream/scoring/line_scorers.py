"""All weights that a worker knows, by line and version, over the shared initialisation."""

from dataclasses import dataclass

from metalearn.checkpoint import Initialisation
from metalearn.few_shot.model import SharedModel
from stream.errors import WeightsRefusedError
from stream.scoring.few_shot import FewShotScorer, shared_model, warm_up
from stream.scoring.initialisation import shared_weights
from stream.scoring.line_scorer import LineScorer, NetworkScorer
from stream.scoring.line_weights import LineWeights
from stream.scoring.network_stack import NetworkStack


@dataclass(frozen=True, slots=True)
class FewShotPart:
    """What an initialisation's lines share, and which initialisation it is of."""

    initialisation: str
    model: SharedModel


def scorer_of(weights: LineWeights, few_shot: FewShotPart | None = None) -> LineScorer:
    """Return the scorer that runs these weights.

    Raises:
        WeightsRefusedError: They need what another initialisation shares.
    """
    if weights.manifest.kind == "network":
        return NetworkScorer(weights)
    if few_shot is None or few_shot.initialisation != weights.manifest.initialisation:
        raise WeightsRefusedError(
            "initialisation", f"adapted from initialisation {weights.manifest.initialisation}, which is not loaded"
        )
    return FewShotScorer(weights, few_shot.model)


def few_shot_part(initialisation: Initialisation) -> FewShotPart | None:
    """Return what an initialisation's lines share, None where it was trained without."""
    model = shared_model(initialisation)
    if model is None:
        return None
    warm_up(model)
    return FewShotPart(initialisation.manifest.id, model)


class LineScorers:
    """Finds the scorer of a line's version; version 0 is the shared initialisation."""

    def __init__(self, initialisation: LineWeights, few_shot: FewShotPart | None = None) -> None:
        """Start with the shared initialisation alone, and what few-shot weights need of it."""
        self.specification = initialisation.specification
        self._stack = NetworkStack()
        self._few_shot = few_shot
        self._shared = self._placed(initialisation)
        self._lines: dict[str, dict[int, LineScorer]] = {}

    def put(self, weights: LineWeights) -> None:
        """Keep a version of a line's weights.

        Raises:
            WeightsRefusedError: They need what another initialisation shares.
        """
        manifest = weights.manifest
        self._lines.setdefault(manifest.line, {})[manifest.version] = self._placed(weights)

    def drop(self, line: str, version: int) -> None:
        """Forget a version."""
        gone = self._lines.get(line, {}).pop(version, None)
        if isinstance(gone, NetworkScorer) and gone.place is not None:
            gone.move_out()

    def find(self, line: str, version: int) -> LineScorer | None:
        """Return the scorer of a version, None where it is not known."""
        return self._shared if version == 0 else self._lines.get(line, {}).get(version)

    def get(self, line: str, version: int) -> LineScorer:
        """Return the scorer of a version; where it was dropped, of the newest older one."""
        found = self.find(line, version)
        if found is not None:
            return found
        known = self._lines.get(line, {})
        older = max((one for one in known if one < version), default=0)
        return known[older] if older else self._shared

    def _placed(self, weights: LineWeights) -> LineScorer:
        scorer = scorer_of(weights, self._few_shot)
        # Lines with few-shot weights are gathered for each batch (`many_lines`).
        if type(scorer) is NetworkScorer:
            scorer.move_into(self._stack)
        return scorer


def scorers_over(initialisation: Initialisation) -> LineScorers:
    """Return an initialisation's scorers before any line's weights."""
    return LineScorers(shared_weights(initialisation), few_shot_part(initialisation))
