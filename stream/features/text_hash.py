"""64-bit hashes of texts, the same in every process, for rings of what was seen."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from stream.features.kernel import kernel
from stream.packed_texts import packed


def hash_texts(texts: Sequence[str]) -> npt.NDArray[np.uint64]:
    """Return a hash of each text's UTF-8 bytes, never 0, so that 0 can mean an empty place.

    FNV-1a with the finaliser of MurmurHash3, so that near texts differ in every bit.
    """
    hashes = np.empty(len(texts), np.uint64)
    _hash(*packed(texts), hashes)
    return hashes


@kernel
def _hash(raw: npt.NDArray[np.uint8], lengths: npt.NDArray[np.int64], hashes: npt.NDArray[np.uint64]) -> None:
    start = 0
    for at in range(len(lengths)):
        value = np.uint64(14695981039346656037)
        for place in range(start, start + lengths[at]):
            value = (value ^ np.uint64(raw[place])) * np.uint64(1099511628211)
        value = (value ^ (value >> np.uint64(33))) * np.uint64(18397679294719823053)
        value = (value ^ (value >> np.uint64(33))) * np.uint64(14181476777654086739)
        value = value ^ (value >> np.uint64(33))
        hashes[at] = max(value, np.uint64(1))
        start += lengths[at]
