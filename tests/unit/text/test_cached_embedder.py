import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stream.text.cached_embedder import CachedEmbedder
from tests.builders.text import HashedWords


def test_the_embedder_is_asked_for_each_new_text_once():
    fake = HashedWords()
    cached = CachedEmbedder(fake, 10)
    cached.embed(["a", "b", "a"])
    cached.embed(["b", "c", "c", "a"])
    assert fake.asked == ["a", "b", "c"]


def test_the_text_that_was_used_longest_ago_is_forgotten_first():
    fake = HashedWords()
    cached = CachedEmbedder(fake, 2)
    for text in ("a", "b", "a", "c"):
        cached.embed([text])
    fake.asked.clear()
    cached.embed(["a", "c"])
    assert fake.asked == []
    cached.embed(["b"])
    assert fake.asked == ["b"]


def test_a_cache_is_of_the_embedders_name_and_width():
    cached = CachedEmbedder(HashedWords(7, "x"), 2)
    assert (cached.name, cached.width) == ("x", 7)


@given(
    batches=st.lists(st.lists(st.sampled_from(["", *"abcdefgh"]), max_size=12), max_size=8),
    most=st.integers(1, 5),
)
def test_what_is_remembered_is_what_the_embedder_says(batches, most):
    cached = CachedEmbedder(HashedWords(), most)
    for texts in batches:
        assert np.array_equal(cached.embed(texts), HashedWords().embed(texts))
    assert len(cached._row_of) <= most
