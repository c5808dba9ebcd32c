"""How long a document is remembered, in event time."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Terms:
    """Days of event time; the same on all workers.

    A document meets others until its day of payment, or its financing if that is later, and `retention_days` more.
    It leaves the memory when the newest event of its partition is `lateness_days` beyond that, so that an event that
    comes so late still finds all that it meets.

    Attributes:
        retention_days: Beyond the day of payment.
        assumed_tenor_days: From issue or financing to payment where no day of payment is told.
        cancellation_days: How long, before the retention, a cancellation is remembered: the longest tenor.
        lateness_days: How late an event may come.
    """

    retention_days: int = 365
    assumed_tenor_days: int = 180
    cancellation_days: int = 730
    lateness_days: int = 7

    def as_array(self) -> npt.NDArray[np.int64]:
        """Return what the kernels take."""
        return np.array([self.retention_days, self.assumed_tenor_days, self.cancellation_days], np.int64)
