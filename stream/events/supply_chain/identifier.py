"""Identifiers and words of supply-chain documents, and how identifiers are compared."""

import unicodedata
from typing import Annotated

from pydantic import StringConstraints

from stream.events.transaction import MOST_CHARACTERS, MOST_WORDS

# C0 and C1 controls and the separators of lines and paragraphs; scripts may be mixed.
_ONE_LINE = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]+$"
# Descriptions of goods run over lines and have columns.
_LINES = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$"

Identifier = Annotated[str, StringConstraints(min_length=1, max_length=MOST_CHARACTERS, pattern=_ONE_LINE)]
Description = Annotated[str, StringConstraints(max_length=MOST_WORDS, pattern=_LINES)]
LineName = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=_ONE_LINE)]


def comparable(identifier: str) -> str:
    r"""Return an identifier as it is compared (Unicode NFKC); what is kept and scored stays as it came.

    Example:
        >>> comparable("INV\uff0d\uff17")
        'INV-7'
    """
    return unicodedata.normalize("NFKC", identifier)
