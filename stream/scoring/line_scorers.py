"""All weights that a worker knows, by line and version, over the shared initialisation."""

from stream.scoring.line_scorer import LineScorer, scorer_of
from stream.scoring.line_weights import LineWeights


class LineScorers:
    """Finds the scorer of a line's version; version 0 is the shared initialisation."""

    def __init__(self, initialisation: LineWeights) -> None:
        """Start with the shared initialisation alone."""
        self._shared = scorer_of(initialisation)
        self._lines: dict[str, dict[int, LineScorer]] = {}

    def put(self, weights: LineWeights) -> None:
        """Keep a version of a line's weights."""
        manifest = weights.manifest
        self._lines.setdefault(manifest.line, {})[manifest.version] = scorer_of(weights)

    def drop(self, line: str, version: int) -> None:
        """Forget a version."""
        self._lines.get(line, {}).pop(version, None)

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
