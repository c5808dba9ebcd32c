"""Groups of a line's own rows, for making tasks of few lines: bands of amount and of the day."""

import numpy as np
import numpy.typing as npt

from metalearn.tasks.crossing import bands
from metalearn.tasks.task import Task
from stream.features.payment_features import SUBJECT

# Every specification begins with these.
_LOG_AMOUNT = [feature.name for feature in SUBJECT].index("log_amount")
_AMOUNT_BANDS = 3
_DAY_PARTS = 4
_DAY_S = 86_400.0


def own_groups(task: Task) -> dict[str, npt.NDArray[np.int64]]:
    """Return each row's third of the line's amounts, and its quarter of the day, UTC; no label is read."""
    amount = task.features[:, _LOG_AMOUNT]
    part = np.floor(task.occurred_at_s % _DAY_S / (_DAY_S / _DAY_PARTS))
    return {"amount": bands(amount, _AMOUNT_BANDS), "hours": part.astype(np.int64)}
