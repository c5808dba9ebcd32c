"""Text from outside, where a person reads it: one line, and nothing that moves a terminal's cursor."""

import re

# C0 and C1 controls, line and paragraph separators, marks that turn the direction of writing, lone surrogates.
_MOVES = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def one_line(text: str) -> str:
    r"""Return text with everything else than visible characters and spaces escaped.

    Example:
        >>> one_line("a\nb\x1b[2J")
        'a\\nb\\x1b[2J'
    """
    return _MOVES.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
