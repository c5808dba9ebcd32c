"""The CRC-32 of texts, for what is compared only: instruments and places."""

import zlib
from collections.abc import Sequence

import numba
import numpy as np
import numpy.typing as npt

from stream.packed_texts import packed


def text_code(text: str | None) -> int:
    """Return the CRC-32 of a text's UTF-8, never 0 for a text; 0 for none."""
    return 0 if text is None else zlib.crc32(text.encode()) or 1


def text_codes(texts: Sequence[str | None]) -> npt.NDArray[np.uint32]:
    """Return each text's `text_code`, uint32 [n]."""
    codes = np.empty(len(texts), np.uint32)
    _checksums(*packed([text or "" for text in texts]), _TABLE, codes)
    codes[[text is None for text in texts]] = 0
    return codes


def _table() -> npt.NDArray[np.uint32]:
    # A byte's step, from the checksum of that byte alone: zlib inverts all bits before and after.
    alone = np.array([zlib.crc32(bytes([byte])) for byte in range(256)], np.uint32)
    table = np.empty(256, np.uint32)
    table[np.arange(256) ^ 0xFF] = alone ^ np.uint32(0xFFFFFFFF) ^ np.uint32(0x00FFFFFF)
    return table


_TABLE = _table()


@numba.njit(cache=True, nogil=True)
def _checksums(
    raw: npt.NDArray[np.uint8],
    lengths: npt.NDArray[np.int64],
    table: npt.NDArray[np.uint32],
    codes: npt.NDArray[np.uint32],
) -> None:
    start = 0
    for at in range(len(lengths)):
        state = np.uint32(0xFFFFFFFF)
        for place in range(start, start + lengths[at]):
            state = table[(state ^ raw[place]) & np.uint32(0xFF)] ^ (state >> np.uint32(8))
        codes[at] = max(state ^ np.uint32(0xFFFFFFFF), np.uint32(1))
        start += lengths[at]
