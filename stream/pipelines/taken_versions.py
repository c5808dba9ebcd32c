"""Which versions of lines' weights were taken, so that an old one cannot be played back."""

from stream.errors import WeightsRefusedError
from stream.scoring.weights_manifest import WeightsManifest


class TakenVersions:
    """Versions grow by line, over restarts of learners and new initialisations; the topic holds them in that order."""

    def __init__(self) -> None:
        """Start with none."""
        self._highest: dict[str, int] = {}
        self._held: dict[tuple[str, int], str] = {}

    def is_new(self, manifest: WeightsManifest) -> bool:
        """Tell whether weights are new, False for the very same as are held.

        Raises:
            WeightsRefusedError: They are not above all that were taken.
        """
        if self._held.get((manifest.line, manifest.version)) == manifest.digest:
            return False
        highest = self._highest.get(manifest.line, 0)
        if manifest.version <= highest:
            raise WeightsRefusedError("replay", f"version {highest} was taken before; an older one cannot come again")
        return True

    def take(self, manifest: WeightsManifest) -> None:
        """Take note of new weights."""
        self._highest[manifest.line] = manifest.version
        self._held[manifest.line, manifest.version] = manifest.digest

    def drop(self, line: str, version: int) -> None:
        """Take note that a version was deleted: it cannot come again."""
        self._held.pop((line, version), None)
