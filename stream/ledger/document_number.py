"""A document's number as it is compared: its letters and digits alone, in Latin capitals."""

import re

from stream.ledger.latin import in_latin

_SIGNS = re.compile(r"[\W_]+")
_TAIL = re.compile(r"[0-9]+$")
_ZEROS = re.compile(r"^([^\W\d_]*)0+(?=[0-9])")


def plain_number(number: str) -> str:
    """Return a number's letters and digits, in Latin capitals.

    Example:
        >>> plain_number("inv-0017/a")
        'INV0017A'
    """
    upper = in_latin(number)
    return _SIGNS.sub("", upper) or upper


def without_zeros(plain: str) -> str:
    """Return a plain number without the zeros before its first digit.

    Example:
        >>> without_zeros("INV0017A"), without_zeros("0017")
        ('INV17A', '17')
    """
    return _ZEROS.sub(r"\1", plain)


def sequence(number: str) -> int | None:
    """Return the count that a plain number ends with, None where it ends with no digit."""
    found = _TAIL.search(number)
    return None if found is None else int(found.group()[-9:])
