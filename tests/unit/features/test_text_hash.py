"""Hashes of texts."""

from hypothesis import given
from hypothesis import strategies as st

from stream.features.text_hash import hash_texts


@given(st.lists(st.text(max_size=8), max_size=8))
def test_a_hash_depends_on_its_own_text_alone(texts):
    together = hash_texts(texts).tolist()
    assert together == [hash_texts([text]).tolist()[0] for text in texts]
    assert 0 not in together


def test_near_texts_do_not_collide_in_either_half():
    hashes = hash_texts([str(number) for number in range(20_000)])
    assert len(set(hashes.tolist())) == len(hashes)
    assert len(set((hashes >> 32).tolist())) >= len(hashes) - 2


def test_a_hash_is_the_same_in_every_process():
    assert hash_texts(["event-1"]).tolist() == [13_382_583_036_903_176_658]
