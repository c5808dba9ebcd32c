"""What every embedder promises, the fake one too."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.text.cached_embedder import CachedEmbedder
from stream.text.folder_model import load_folder_model
from stream.text.open_embedder import open_embedder
from tests.builders.text import HashedWords, a_bert_folder

HOSTILE = [
    "\x00\x07\x1b[31m", "\ud800", "cocoa \udfff beans", "какао 可可豆 ココア كاكاو", "🥨👩‍👩‍👧🏽", "\u202eevil\u200b",
    "e" + "\u0301" * 3_000, "ﷺ" * 4_096, "\ufeff\u2028\u2029", "a" * 10_000_000, "ＣＯＣＯＡ", "\x7f" * 9,
]  # fmt: skip
WORDLESS = ["", " ", "\n\t", "\x00\x01", "\u200b\u202e"]


@pytest.fixture(scope="module")
def embedders(tmp_path_factory):
    made = {
        "fake": HashedWords(),
        "wordllama": open_embedder("wordllama", []),
        "folder": load_folder_model(a_bert_folder(tmp_path_factory.mktemp("models") / "finbert")),
    }
    return {**made, "cached": CachedEmbedder(made["wordllama"], 5)}


@pytest.fixture(params=["fake", "wordllama", "folder", "cached"])
def embedder(request, embedders):
    return embedders[request.param]


def test_every_text_gets_a_vector_of_length_one(embedder):
    found = embedder.embed(["cocoa beans", "copper cathodes, grade A", "x"])
    assert found.shape == (3, embedder.width)
    assert found.dtype == np.float32
    assert np.allclose(np.linalg.norm(found, axis=1), 1.0, atol=1e-5)


def test_a_text_without_a_word_gets_zeros(embedder):
    assert not embedder.embed(WORDLESS).any()
    assert embedder.embed([]).shape == (0, embedder.width)


def test_no_text_is_an_error_whatever_it_holds(embedder):
    assert np.isfinite(embedder.embed(HOSTILE)).all()


def test_only_the_first_4096_characters_count(embedder):
    start = "cocoa " * 683
    assert np.allclose(*embedder.embed([start, start[:4_096] + " copper" * 100]), atol=1e-6)


def test_a_text_has_one_vector_whatever_stands_beside_it(embedder):
    alone = embedder.embed(["steel"])[0]
    beside = embedder.embed(["cocoa beans, copper cathodes", "steel", "", "steel"])
    assert np.allclose(beside[1], alone, atol=1e-5)
    assert np.array_equal(beside[1], beside[3])


def test_case_of_width_and_white_space_change_nothing(embedder):
    assert np.array_equal(*embedder.embed(["cocoa  \n beans", "ｃｏｃｏａ beans"]))


@settings(max_examples=60, deadline=None)
@given(texts=st.lists(st.text(st.characters(codec=None), max_size=200), max_size=8))
def test_the_default_model_takes_any_unicode(embedders, texts):
    found = embedders["wordllama"].embed(texts)
    assert np.isfinite(found).all()
    assert found.shape == (len(texts), 256)


def test_the_default_model_knows_what_goods_are_alike(embedders):
    one, alike, other = embedders["wordllama"].embed(["cocoa beans", "cocoa beans, fermented", "copper cathodes"])
    assert one @ alike > 0.6
    assert abs(one @ other) < 0.3
