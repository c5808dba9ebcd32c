import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.text.plain_text import MOST_CHARACTERS, plain_text


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        ("cocoa beans", "cocoa beans"),
        ("  cocoa\n\tbeans\x00", "cocoa beans"),
        ("co\u200bcoa\u202e", "cocoa"),
        ("ＩＮＶ－１", "INV-1"),
        ("cocoa\ud800", "cocoa\ufffd"),
        ("какао 可可豆 🥨", "какао 可可豆 🥨"),
        ("", ""),
    ],
)
def test_words_stay_and_what_has_no_meaning_goes(given, plain):
    assert plain_text(given) == plain


@given(st.text(st.characters(codec=None)) | st.text("ﷺ \u0301\u00b4\ud800", min_size=300, max_size=500))
def test_what_is_plain_stays_as_it_is(text):
    plain = plain_text(text)
    assert plain_text(plain) == plain
    assert len(plain) <= MOST_CHARACTERS
    plain.encode()
