"""What is learnt from and what is judged: support sets, query sets, episodes."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Support:
    """Labelled rows of one task.

    Attributes:
        features: Standardised rows, float32 [examples, features].
        labels: 1 fraud (the rare class), 0 genuine; float32 [examples].
        weights: Relative weight of each row within its class, float32 [examples].
    """

    features: npt.NDArray[np.float32]
    labels: npt.NDArray[np.float32]
    weights: npt.NDArray[np.float32]

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self.labels)


def support_of(features: npt.NDArray[np.float32], labels: npt.NDArray[np.float32]) -> Support:
    """Return a support whose rows weigh alike within their class."""
    return Support(features, labels.astype(np.float32), np.ones(len(labels), np.float32))


@dataclass(frozen=True, slots=True)
class Episode:
    """A support and a query of the same task, the query strictly later."""

    support: Support
    query: Support
