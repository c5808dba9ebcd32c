"""A fake embedder, and a folder with a tiny BERT of random weights."""

import zlib

import numpy as np

from stream.text.embedder import of_length_one
from stream.text.plain_text import plain_text

VOCABULARY = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "cocoa", "beans", "copper", "cathodes", "steel", "##s", ",")


class HashedWords:
    """Each word is a direction; remembers what it was asked for."""

    def __init__(self, width=16, name="hashed-words"):
        self.name, self.width, self.asked = name, width, []

    def embed(self, texts):
        self.asked += texts
        sums = np.zeros((len(texts), self.width), np.float32)
        for at, text in enumerate(texts):
            for word in plain_text(text).split():
                sums[at] += np.random.default_rng(zlib.crc32(word.encode())).standard_normal(self.width)
        return of_length_one(sums)


def a_bert_folder(folder, *, classifier=True, seed=0):
    """Write a BERT of 2 layers and 32 numbers, as FinBERT is: with a classifier on top."""
    import torch  # noqa: PLC0415 - seconds that other tests need not wait
    from transformers import BertConfig, BertForSequenceClassification, BertModel, BertTokenizerFast  # noqa: PLC0415

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(VOCABULARY))
    BertTokenizerFast(vocab_file=str(folder / "vocab.txt")).save_pretrained(folder)
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(VOCABULARY), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
        max_position_embeddings=64,
    )  # fmt: skip
    (BertForSequenceClassification if classifier else BertModel)(config).save_pretrained(folder)
    return folder
