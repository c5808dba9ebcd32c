"""Texts as compiled code takes them: one run of bytes and how long each is."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


def packed(texts: Sequence[str]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Return the texts' UTF-8, one after the other, and the bytes of each, int64 [n].

    Example:
        >>> packed(["ab", "é"])[1].tolist()
        [2, 2]
    """
    joined = "".join(texts)
    if joined.isascii():
        raw, lengths = joined.encode(), np.fromiter(map(len, texts), np.int64, len(texts))
    else:
        encoded = [text.encode() for text in texts]
        raw, lengths = b"".join(encoded), np.fromiter(map(len, encoded), np.int64, len(texts))
    return np.frombuffer(raw, np.uint8), lengths
