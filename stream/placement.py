"""Where a key belongs: Kafka's default partitioner, for whole batches of keys.

Java clients, aiokafka and kafka-python place a keyed record by murmur2 (Apache Kafka,
`org.apache.kafka.common.utils.Utils.murmur2`); using the same lets a user's own label
producer and Foreshot agree on a label's partition.
"""

from collections.abc import Sequence

import numba
import numpy as np
import numpy.typing as npt

_M = np.uint32(0x5BD1E995)
_SEED = np.uint32(0x9747B28C)


@numba.njit(cache=True, nogil=True)
def _murmur2(data: npt.NDArray[np.uint8], start: int, end: int) -> np.uint32:
    length = end - start
    state = np.uint32(_SEED ^ np.uint32(length))
    at = start
    while end - at >= 4:
        word = (
            np.uint32(data[at])
            | (np.uint32(data[at + 1]) << np.uint32(8))
            | (np.uint32(data[at + 2]) << np.uint32(16))
            | (np.uint32(data[at + 3]) << np.uint32(24))
        )
        word = np.uint32(word * _M)
        word ^= word >> np.uint32(24)
        word = np.uint32(word * _M)
        state = np.uint32(np.uint32(state * _M) ^ word)
        at += 4
    left = end - at
    if left >= 3:
        state ^= np.uint32(data[at + 2]) << np.uint32(16)
    if left >= 2:
        state ^= np.uint32(data[at + 1]) << np.uint32(8)
    if left >= 1:
        state ^= np.uint32(data[at])
        state = np.uint32(state * _M)
    state ^= state >> np.uint32(13)
    state = np.uint32(state * _M)
    state ^= state >> np.uint32(15)
    return state


@numba.njit(cache=True, nogil=True)
def _place(data: npt.NDArray[np.uint8], ends: npt.NDArray[np.int64], partitions: int) -> npt.NDArray[np.int32]:
    placed = np.empty(len(ends), np.int32)
    start = 0
    for index in range(len(ends)):
        positive = np.int64(_murmur2(data, start, ends[index])) & 0x7FFFFFFF
        placed[index] = positive % partitions
        start = ends[index]
    return placed


def partition_of(key: bytes, partitions: int) -> int:
    """Return the partition of one key."""
    return int(partitions_of([key], partitions)[0])


def partitions_of(keys: Sequence[bytes], partitions: int) -> npt.NDArray[np.int32]:
    """Return the partition of every key.

    Args:
        keys: Records' keys.
        partitions: How many partitions the topic has.

    Returns:
        int32 [keys].
    """
    if partitions == 1 or not keys:
        return np.zeros(len(keys), np.int32)
    data = np.frombuffer(b"".join(keys) or b"\0", np.uint8)
    ends = np.cumsum(np.fromiter(map(len, keys), np.int64, len(keys)))
    placed: npt.NDArray[np.int32] = _place(data, ends, partitions)
    return placed
