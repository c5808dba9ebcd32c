"""A BERT-like model from a local folder, such as FinBERT: never from the network, never with code of its own."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from stream.errors import UsageError
from stream.text.embedder import Embeddings, of_length_one
from stream.text.plain_text import plain_text

MOST_PIECES = 256
_TEXTS_AT_ONCE = 32
_CONFIG = "config.json"
_WEIGHTS = "model.safetensors"
_TOKENIZERS = ("tokenizer.json", "vocab.txt", "vocab.json", "spiece.model", "sentencepiece.bpe.model")
_DECIDES = (_CONFIG, _WEIGHTS, "tokenizer_config.json", *_TOKENIZERS, "merges.txt")
_UNUSED = "pooler."
"""Layers above the last hidden one: what they would be is not asked for, so they may be missing."""
_READ_AT_ONCE = 1 << 20


class FolderModel:
    """The mean of a model's last hidden layer over a text's pieces."""

    def __init__(self, name: str, model: Any, tokenizer: Any) -> None:
        """Take a transformers model, in float32 and not training, and its tokenizer."""
        self._name = name
        self._model = model
        self._tokenizer = tokenizer
        # Some models count positions from two on.
        self._most_pieces = min(MOST_PIECES, getattr(model.config, "max_position_embeddings", MOST_PIECES + 2) - 2)

    @property
    def name(self) -> str:
        """The folder's name and a digest of its files."""
        return self._name

    @property
    def width(self) -> int:
        """Numbers in a vector."""
        return int(self._model.config.hidden_size)

    def embed(self, texts: Sequence[str]) -> Embeddings:
        """Return a vector of length one for each text, zeros for a text without a word.

        Texts of about one length go through the model together. What is beside a text moves its vector
        by rounding alone (1e-6).
        """
        plain = [plain_text(text) for text in texts]
        means = np.zeros((len(texts), self.width), np.float32)
        spoken = sorted((at for at, text in enumerate(plain) if text), key=lambda at: (len(plain[at]), at))
        for start in range(0, len(spoken), _TEXTS_AT_ONCE):
            rows = spoken[start : start + _TEXTS_AT_ONCE]
            means[rows] = self._means([plain[at] for at in rows])
        return of_length_one(means)

    def _means(self, texts: list[str]) -> Embeddings:
        import torch  # noqa: PLC0415 - an extra that few installations have

        with torch.inference_mode():
            pieces = self._tokenizer(
                texts, padding=True, truncation=True, max_length=self._most_pieces, return_tensors="pt"
            )
            hidden = self._model(**pieces).last_hidden_state
            there = pieces["attention_mask"].unsqueeze(-1).to(hidden.dtype)
            means: Embeddings = ((hidden * there).sum(1) / there.sum(1).clamp(min=1.0)).numpy()
        return means


def load_folder_model(folder: Path) -> FolderModel:
    """Return the model of a folder with `config.json`, `model.safetensors` and a tokenizer's files.

    Raises:
        UsageError: A package or a file is missing, or the files do not make a model of texts.
    """
    _refuse_incomplete(folder)
    if find_spec("transformers") is None or find_spec("torch") is None:
        raise UsageError(
            f"{folder}: a text model from a folder needs its packages: pip install 'foreshot[text-models]'"
        )
    try:
        model, tokenizer, missing = _read(folder)
    except Exception as error:  # the readers of tokenizers and weights raise no closer type
        raise UsageError(f"{folder}: is no text model: {_first_line(error)}") from error
    if lacking := sorted(name for name in missing if not name.startswith(_UNUSED)):
        raise UsageError(f"{folder}: {_WEIGHTS} lacks {len(lacking)} layers of the model, first {lacking[0]}")
    if getattr(model.config, "is_encoder_decoder", False) or not hasattr(model.config, "hidden_size"):
        raise UsageError(f"{folder}: {model.config.model_type} is no BERT-like model: it has no one layer of its own")
    return FolderModel(f"{folder.name}:{_digest(folder)}", model, tokenizer)


def _refuse_incomplete(folder: Path) -> None:
    if not folder.is_dir():
        raise UsageError(f"{folder}: is no folder; a text model is wordllama or a folder with a BERT-like model")
    if not (folder / _CONFIG).is_file():
        raise UsageError(f"{folder}: has no {_CONFIG}; copy the whole folder of the model")
    if not (folder / _WEIGHTS).is_file():
        pickled = "; pytorch_model.bin is not read, since it may run code" if list(folder.glob("*.bin")) else ""
        raise UsageError(f"{folder}: has no {_WEIGHTS}{pickled}; docs/text.md says how to convert a model")
    if not any((folder / name).is_file() for name in _TOKENIZERS):
        raise UsageError(f"{folder}: has no tokenizer, such as tokenizer.json or vocab.txt")


def _read(folder: Path) -> tuple[Any, Any, Sequence[str]]:
    from transformers import AutoModel, AutoTokenizer  # noqa: PLC0415 - an extra that few installations have

    local = {"local_files_only": True, "trust_remote_code": False}
    with _without_bars_and_tables():
        tokenizer = AutoTokenizer.from_pretrained(str(folder), **local)
        model, told = AutoModel.from_pretrained(str(folder), use_safetensors=True, output_loading_info=True, **local)
    return model.float().eval(), tokenizer, list(told["missing_keys"])


@contextmanager
def _without_bars_and_tables() -> Iterator[None]:
    """Let transformers say nothing of a classifier's layers that are left out; what is missing we tell."""
    from transformers.utils import logging  # noqa: PLC0415 - an extra that few installations have

    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()


def _digest(folder: Path) -> str:
    found = hashlib.sha256()
    for name in _DECIDES:
        if (folder / name).is_file():
            found.update(name.encode())
            with (folder / name).open("rb") as file:
                while part := file.read(_READ_AT_ONCE):
                    found.update(part)
    return found.hexdigest()[:16]


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
