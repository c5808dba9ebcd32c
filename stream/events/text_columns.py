"""Reads text roles from whole columns, with the results that reading event by event gives."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from stream.events.currency import exponent
from stream.events.line_roles import FieldRole
from stream.events.roles import RoleError, number_text
from stream.events.text_codes import text_codes
from stream.events.transaction import CURRENCY_FORM, MOST_CHARACTERS, MOST_WORDS

Columns = Mapping[str, Sequence[Any]]
Odd = npt.NDArray[np.bool_]
"""Which rows deviate from what a column reader takes; their values in the column mean nothing."""

IDENTIFIER = re.compile(rf"[^\x00-\x1f\x7f]{{1,{MOST_CHARACTERS}}}")
_CURRENCY = re.compile(CURRENCY_FORM)
_PLACEHOLDER = "-"


def read_identifiers(columns: Columns, role: FieldRole, odd: Odd) -> list[str]:
    """Return a required role's texts, and mark rows where it is missing or no identifier."""
    texts = _read_texts(columns, role, odd, required=True)
    joined = "".join(texts)
    # Whatever can be printed is no control character, and one look at the whole column tells.
    if not (joined.isprintable() and min(map(len, texts)) > 0 and max(map(len, texts)) <= MOST_CHARACTERS):
        odd |= np.array([IDENTIFIER.fullmatch(text) is None for text in texts], np.bool_)
    return texts


def read_codes(columns: Columns, role: FieldRole | None, odd: Odd) -> npt.NDArray[np.uint32]:
    """Return the CRC-32 of an optional role's texts, 0 for none, and mark rows where a text is too long."""
    return text_codes(check_words(columns, role, odd))


def check_words(columns: Columns, role: FieldRole | None, odd: Odd) -> list[str | None]:
    """Return an optional role's texts, and mark rows where one is too long."""
    if role is None:
        return [None] * len(odd)
    texts = _read_texts(columns, role, odd, required=False)
    if max(map(len, filter(None, texts)), default=0) > MOST_WORDS:
        odd |= np.array([text is not None and len(text) > MOST_WORDS for text in texts], np.bool_)
    return texts


def read_currencies(
    columns: Columns, role: FieldRole | None, otherwise: str, odd: Odd
) -> tuple[list[str], npt.NDArray[np.float64]]:
    """Return the currencies and how many minor units one of each has; mark rows with something else."""
    if role is None:
        return [otherwise] * len(odd), np.full(len(odd), 10.0 ** exponent(otherwise))
    texts = _read_texts(columns, role, odd, required=False)
    different = set(texts)
    if not different.isdisjoint((None, "")):
        texts = [text or otherwise for text in texts]
        different = set(texts)
    wrong = {text for text in different if _CURRENCY.fullmatch(text) is None}
    if wrong:
        odd |= np.array([text in wrong for text in texts], np.bool_)
    scales = {text: 10.0 ** exponent(text) for text in different}
    return texts, np.fromiter(map(scales.__getitem__, texts), np.float64, len(texts))


def _read_texts(columns: Columns, role: FieldRole, odd: Odd, *, required: bool) -> list[Any]:
    if role.constant is not None:
        return [role.constant] * len(odd)
    parts = [_one_field(columns[path], odd, required=required) for path in role.paths]
    if len(parts) == 1:
        return parts[0]
    return [None if None in row else role.join.join(row) for row in zip(*parts, strict=True)]


def _one_field(values: Sequence[Any], odd: Odd, *, required: bool) -> list[Any]:
    kinds = set(map(type, values))
    if kinds <= {str} or (not required and kinds <= {str, type(None)}):
        return list(values)
    return [value if type(value) is str else _text(value, at, odd, required) for at, value in enumerate(values)]


def _text(value: Any, at: int, odd: Odd, required: bool) -> str | None:  # noqa: FBT001 - of the hot path
    if value is None and not required:
        return None
    try:
        return number_text(value, "", "")
    except RoleError:
        odd[at] = True
        return _PLACEHOLDER
