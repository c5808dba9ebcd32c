"""Why a record cannot be used: the words of dead letters."""

from typing import Literal

RejectReason = Literal[
    "unreadable", "oversized", "wrong_type", "missing_field", "non_finite", "far_future", "unknown_line", "bad_value",
    "unknown_event", "label_before_event", "feature_width",
]  # fmt: skip
