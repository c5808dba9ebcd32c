"""What a document's matches are told as, on its way from the ledgers to its score."""

from collections.abc import Iterable
from typing import Literal, get_args

import msgspec

RuleName = Literal[
    "exact", "shifted_date", "other_amount", "same_number", "edited_number", "extended_number", "renumbered",
    "other_party", "other_parties",
]  # fmt: skip
# The surest first.
RULE_NAMES: tuple[RuleName, ...] = get_args(RuleName)
_HEADER = "document-matches"


class MatchReason(msgspec.Struct, frozen=True):
    """One document that is the event's own, financed before.

    Attributes:
        rule: What the two have in common, as `document-matches` names it.
        text: For a person.
    """

    rule: RuleName
    text: str


def match_headers(reasons: list[MatchReason]) -> tuple[tuple[str, bytes], ...]:
    """Return the headers that carry an event's matches; none where it has none."""
    return ((_HEADER, msgspec.json.encode(reasons)),) if reasons else ()


def matches_of(headers: Iterable[tuple[str, bytes | None]]) -> bytes:
    """Return the matches that headers carry as they stand there, empty where they carry none."""
    return next((value or b"" for name, value in headers if name == _HEADER), b"")


decode_matches = msgspec.json.Decoder(list[MatchReason]).decode
