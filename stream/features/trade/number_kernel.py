"""Document numbers: the gap to the issuer's last one of that type, and whether its digits were there before."""

from typing import Any

import numpy as np

from stream.features.kernel import kernel
from stream.features.trade.trade_rows import NUMBERS
from stream.features.trade.trade_window import signed_log


@kernel
def observe_number(document: Any, row: Any, series: Any) -> None:
    """Keep in a document's row how its number follows, and take the number into its series."""
    row.repeated_or_nan = np.float32(0.0)
    for place in range(NUMBERS):
        if series.numbers[place] == document.digits:
            row.repeated_or_nan = np.float32(1.0)
    if np.isnan(document.number_value):
        return
    row.gap_or_nan = np.float32(signed_log(document.number_value - series.last_or_nan))
    series.last_or_nan = document.number_value
    for place in range(NUMBERS - 1, 0, -1):
        series.numbers[place] = series.numbers[place - 1]
    series.numbers[0] = document.digits
