"""Keeps the vectors of the texts that were used last, so that a text is embedded once."""

import hashlib
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np

from stream.text.embedder import Embedder, Embeddings
from stream.text.plain_text import cut

MOST_TEXTS = 65_536
_KEY_BYTES = 16


class CachedEmbedder:
    """An embedder that remembers.

    Vectors lie in one array of `most_texts` rows, which takes memory as it fills; a text is known by a
    digest of 16 bytes, so none is kept.
    """

    def __init__(self, embedder: Embedder, most_texts: int = MOST_TEXTS) -> None:
        """Remember up to `most_texts` texts of an embedder."""
        self._embedder = embedder
        self._rows = np.empty((most_texts, embedder.width), np.float32)
        self._row_of: OrderedDict[bytes, int] = OrderedDict()

    @property
    def name(self) -> str:
        """The embedder's."""
        return self._embedder.name

    @property
    def width(self) -> int:
        """The embedder's."""
        return self._embedder.width

    def embed(self, texts: Sequence[str]) -> Embeddings:
        """Return the embedder's vectors; it is asked for each text that is not remembered, once."""
        keys = [_key(text) for text in texts]
        wanted = dict(zip(keys, texts, strict=True))
        place = {key: at for at, key in enumerate(wanted)}
        vectors = np.empty((len(wanted), self.width), np.float32)
        known = [key for key in wanted if key in self._row_of]
        for key in known:
            self._row_of.move_to_end(key)
        vectors[[place[key] for key in known]] = self._rows[[self._row_of[key] for key in known]]
        if new := [key for key in wanted if key not in self._row_of]:
            made = self._embedder.embed([wanted[key] for key in new])
            vectors[[place[key] for key in new]] = made
            self._remember(new, made)
        return vectors[[place[key] for key in keys]]

    def _remember(self, keys: list[bytes], vectors: Embeddings) -> None:
        most = len(self._rows)
        for key, vector in zip(keys[-most:], vectors[-most:], strict=True):
            if len(self._row_of) < most:
                row = len(self._row_of)
            else:
                _, row = self._row_of.popitem(last=False)
            self._rows[row] = vector
            self._row_of[key] = row


def _key(text: str) -> bytes:
    return hashlib.blake2b(cut(text).encode("utf-8", "surrogatepass"), digest_size=_KEY_BYTES).digest()
