"""A text as a model may read it: bounded, in one form of Unicode, without what has no meaning."""

import unicodedata

MOST_CHARACTERS = 4_096

_INSTEAD = {"Cc": " ", "Cf": "", "Cs": "\ufffd"}
"""By category: control characters part words, invisible ones would only hide them, and half a pair is none."""


def cut(text: str) -> str:
    """Return the part of a text that counts."""
    return text[:MOST_CHARACTERS]


def plain_text(text: str) -> str:
    """Return the first 4,096 characters in form NFKC, words parted by one space each.

    Control characters part words, invisible ones vanish, and half a surrogate pair, which no encoding can
    write, becomes U+FFFD; scripts and emoji stay. What is plain already stays as it is.
    """
    text = cut(text)
    if not (text.isascii() and text.isprintable()):
        spoken = "".join(_INSTEAD.get(unicodedata.category(one), one) for one in text)
        text = unicodedata.normalize("NFKC", spoken)
    return cut(" ".join(text.split())).rstrip()
