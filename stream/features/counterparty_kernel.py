"""The compiled pass over counterparties: an event's features from the row, then the row's change.

The risk of a window is the fraud rate among events whose labels are due: those at least the
label delay old, weighted from then on. Frauds are summed at their own event time as labels
come; their denominator must count the same events, and only once their labels are due. Events
younger than the delay therefore wait in a ring of short buckets of event time (counts alone,
so that it is linear) and enter the decayed sum when they leave the ring. Frauds and events both
weigh by the middle of their bucket, so that where all are fraud the rate is one.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from stream.features.decayed_window import add, decay, decays, move_to
from stream.features.kernel import kernel
from stream.features.roundness import zeros_of

_BUCKETS = 28

COUNTERPARTY_ROW = np.dtype(
    [
        ("count", "<f8", (4,)),
        ("total", "<f8", (4,)),
        ("frauds", "<f8", (3,)),
        ("due", "<f8", (3,)),
        ("zeros", "<f8"),
        ("newest_s", "<f8"),
        ("newest_bucket", "<i8"),
        ("bucket_s", "<f8"),
        ("waiting", "<u4", (_BUCKETS,)),
    ]
)
"""A counterparty: decayed counts, sums of log amount, known frauds, events with labels due, the zeros that
amounts end in over seven days, and the ring."""

_SINCE_CAP_S = 30 * 86400.0
_SHORTEST_BUCKET_S = 1.0
# The weight of the belief, before any event, that there is no fraud.
_PRIOR_EVENTS = 0.3
# Keeps the logarithm of the known frauds finite; the specification tells the sum back from it.
_FRAUDS_OFFSET = 1e-4

# Columns of the counterparty's part; a test holds them against the specification.
COUNT, MEAN, VS_MEAN, SINCE_LAST, RISK, FRAUDS, ZEROS = 0, 4, 5, 6, 7, 10, 13
# Which of the half-lives the zeros have.
_ZEROS_WINDOW = 2

Floats = npt.NDArray[np.float64]
Row = Any


@kernel
def observe_records(
    data: npt.NDArray[np.void],
    rows: npt.NDArray[np.int64],
    fresh: npt.NDArray[np.bool_],
    occurred_at_s: Floats,
    amount: Floats,
    fraud_delta: Floats,
    delay_s: Floats,
    half_lives_s: Floats,
    features: npt.NDArray[np.float32],
) -> None:
    """Fill features in order of arrival; see `counterparty.observe`."""
    for at in range(len(rows)):
        row = data[rows[at]]
        bucket_s = max(delay_s[at] / (_BUCKETS - 1), _SHORTEST_BUCKET_S)
        if fresh[at]:
            _clear(row, occurred_at_s[at], bucket_s)
        elif row.bucket_s != bucket_s:
            _change_buckets(row, half_lives_s, bucket_s)
        since_s = occurred_at_s[at] - row.newest_s
        if since_s > 0.0:
            _move(row, half_lives_s, occurred_at_s[at], since_s)
        bucket = np.int64(np.floor(occurred_at_s[at] / bucket_s))
        middle_s = (bucket + 0.5) * bucket_s
        if fraud_delta[at] != 0.0:
            add(row.frauds, decays(row.newest_s - middle_s, half_lives_s), fraud_delta[at])
            continue
        log_amount = np.sign(amount[at]) * np.log1p(abs(amount[at]))
        out = features[at]
        _compare(out, row, log_amount, abs(since_s))
        _risk(out, row, half_lives_s[1:], delay_s[at])
        weights = decays(max(-since_s, 0.0), half_lives_s)
        add(row.count, weights, 1.0)
        add(row.total, weights, log_amount)
        row.zeros += zeros_of(abs(amount[at])) * weights[_ZEROS_WINDOW]
        _wait(row, half_lives_s, bucket)
        for window in range(4):
            out[COUNT + window] = np.log1p(row.count[window])
        out[MEAN] = row.total[3] / row.count[3] if row.count[3] > 0.0 else log_amount
        out[ZEROS] = row.zeros / (row.count[_ZEROS_WINDOW] + 1.0)


@kernel
def _clear(row: Row, now_s: float, bucket_s: float) -> None:
    row.count[:] = 0.0
    row.total[:] = 0.0
    row.frauds[:] = 0.0
    row.due[:] = 0.0
    row.zeros = 0.0
    row.waiting[:] = np.uint32(0)
    row.newest_s = now_s
    row.bucket_s = bucket_s
    row.newest_bucket = np.int64(np.floor(now_s / bucket_s))


@kernel
def _move(row: Row, half_lives_s: Floats, now_s: float, elapsed_s: float) -> None:
    weights = decays(elapsed_s, half_lives_s)
    move_to(row.count, weights)
    move_to(row.total, weights)
    move_to(row.frauds, weights)
    move_to(row.due, weights)
    row.zeros *= weights[_ZEROS_WINDOW]
    row.newest_s = now_s
    newest = np.int64(np.floor(now_s / row.bucket_s))
    # Each bucket that enters takes the place of the one that is a whole ring older.
    for bucket in range(max(row.newest_bucket + 1, newest - _BUCKETS + 1), newest + 1):
        _release(row, half_lives_s, bucket)
    row.newest_bucket = newest


@kernel
def _release(row: Row, half_lives_s: Floats, entering: int) -> None:
    place = entering % _BUCKETS
    count = row.waiting[place]
    if count == 0:
        return
    # The newest bucket in that place is at most a ring before the one that was newest until now.
    held = row.newest_bucket - (row.newest_bucket - place) % _BUCKETS
    add(row.due, decays(row.newest_s - (held + 0.5) * row.bucket_s, half_lives_s), float(count))
    row.waiting[place] = np.uint32(0)


@kernel
def _change_buckets(row: Row, half_lives_s: Floats, bucket_s: float) -> None:
    # The line's label delay changed: what waits counts as due, and the ring starts anew.
    for bucket in range(row.newest_bucket + 1, row.newest_bucket + _BUCKETS + 1):
        _release(row, half_lives_s, bucket)
    row.bucket_s = bucket_s
    row.newest_bucket = np.int64(np.floor(row.newest_s / bucket_s))


@kernel
def _wait(row: Row, half_lives_s: Floats, bucket: Any) -> None:
    if bucket > row.newest_bucket - _BUCKETS:
        row.waiting[bucket % _BUCKETS] += np.uint32(1)
    else:
        add(row.due, decays(row.newest_s - (bucket + 0.5) * row.bucket_s, half_lives_s), 1.0)


@kernel
def _compare(out: npt.NDArray[np.float32], row: Row, log_amount: float, since_s: float) -> None:
    count = row.count[3]
    out[VS_MEAN] = log_amount - row.total[3] / count if count > 0.0 else 0.0
    out[SINCE_LAST] = np.log1p(min(since_s, _SINCE_CAP_S) if count > 0.0 else _SINCE_CAP_S)


@kernel
def _risk(out: npt.NDArray[np.float32], row: Row, half_lives_s: Floats, delay_s: float) -> None:
    for window in range(3):
        # Both sums stand at the newest time; the window ends a delay before it.
        shift = decay(-delay_s, half_lives_s[window])
        frauds = max(row.frauds[window], 0.0) * shift
        due = row.due[window] * shift
        bucket = row.newest_bucket - _BUCKETS + 1
        while bucket <= row.newest_bucket and (bucket + 0.5) * row.bucket_s <= row.newest_s - delay_s:
            count = row.waiting[bucket % _BUCKETS]
            if count != 0:
                age_s = row.newest_s - delay_s - (bucket + 0.5) * row.bucket_s
                due += count * decay(age_s, half_lives_s[window])
            bucket += 1
        out[RISK + window] = frauds / (max(due, frauds) + _PRIOR_EVENTS)
        out[FRAUDS + window] = np.log(frauds + _FRAUDS_OFFSET)
