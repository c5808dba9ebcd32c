"""The compiled checksums are zlib's."""

import zlib

from hypothesis import given
from hypothesis import strategies as st

from stream.events.text_codes import text_codes

TEXTS = st.none() | st.text(max_size=40) | st.text("ab\x00\x7f0", max_size=40)


@given(st.lists(TEXTS, max_size=30))
def test_codes_are_checksums_never_0_for_a_text_and_0_for_none(texts):
    expected = [0 if text is None else zlib.crc32(text.encode()) or 1 for text in texts]
    assert text_codes(texts).tolist() == expected


def test_long_texts_and_none_at_all():
    assert text_codes(["x" * 1_000_000, ""]).tolist() == [zlib.crc32(b"x" * 1_000_000), 1]
    assert text_codes([]).tolist() == []
