"""A document's number as it is compared: its letters and digits alone, in Latin capitals."""

import re

from stream.ledger.latin import in_latin

_SIGNS = re.compile(r"[\W_]+")
_PART = re.compile(r"(.*[^\W_])(?:[\W_]+[0-9A-Z]{1,2}|(?<=[0-9])[A-Z]{1,2})[\W_]*", re.DOTALL)
_DIGITS = re.compile(r"[0-9]+")
_ZEROS = re.compile(r"^([^\W\d_]*)0+(?=[0-9])")


def plain_number(number: str) -> str:
    """Return a number's letters and digits, in Latin capitals.

    Example:
        >>> plain_number("inv-0017/a")
        'INV0017A'
    """
    upper = in_latin(number)
    return upper if upper.isalnum() else _SIGNS.sub("", upper) or upper


def without_zeros(plain: str) -> str:
    """Return a plain number without the zeros before its first digit.

    Example:
        >>> without_zeros("INV0017A"), without_zeros("0017")
        ('INV17A', '17')
    """
    found = _ZEROS.match(plain)
    return plain if found is None else plain[: found.end(1)] + plain[found.end() :]


def whole_number(number: str) -> str | None:
    """Return a number without what is put behind it for a part of its document; None where nothing is.

    That is one or two letters after a digit, or one or two letters or digits after a sign.

    Example:
        >>> whole_number("INV-1017/1"), whole_number("INV-1017A"), whole_number("INV-1017")
        ('INV1017', 'INV1017', None)
    """
    found = _PART.fullmatch(in_latin(number))
    return None if found is None else without_zeros(_SIGNS.sub("", found.group(1)))


def sequence(number: str, year: int) -> int | None:
    """Return where a number stands in its issuer's count: its last digits, or those before a year; None without any.

    Example:
        >>> sequence("F-1017/24", 2024), sequence("INV 000017", 2024), sequence("A", 2024)
        (1017, 17, None)
    """
    runs = _DIGITS.findall(number if number.isascii() else in_latin(number))
    if not runs:
        return None
    full = str(year)
    at = -1
    if len(runs) > 1 and runs[-1] in (full, full[2:]):
        at = -2
    return int(runs[at][-9:])
