"""A transaction in canonical roles, as every line's events become."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import ErrorDetails

from stream.events.event_time import EARLIEST_S, LATEST_S
from stream.events.reject_reason import RejectReason
from stream.events.roles import MOST_MINOR

MOST_CHARACTERS = 256
MOST_WORDS = 4096
CURRENCY_FORM = r"^[A-Z]{3}$"

Identifier = Annotated[str, StringConstraints(min_length=1, max_length=MOST_CHARACTERS, pattern=r"^[^\x00-\x1f\x7f]+$")]
Words = Annotated[str, StringConstraints(max_length=MOST_WORDS)]


class Transaction(BaseModel):
    """One payment.

    Attributes:
        event_id: The user's identifier.
        line: Business line.
        occurred_at_s: Event time, epoch seconds, of the years 1900 to 2999.
        subject: Who pays: card, account, customer.
        counterparty: Who is paid: terminal, merchant.
        amount_minor: Amount in minor units of the currency.
        currency: ISO 4217 code.
        instrument: Card, device, token.
        place: Country, city, shop.
        latitude: Degrees.
        longitude: Degrees.
        channel: How it was made.
        text: Free words.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    event_id: Identifier
    line: str
    occurred_at_s: float = Field(ge=EARLIEST_S, lt=LATEST_S, allow_inf_nan=False)
    subject: Identifier
    counterparty: Identifier
    amount_minor: int = Field(ge=-MOST_MINOR, le=MOST_MINOR)
    currency: Annotated[str, StringConstraints(pattern=CURRENCY_FORM)]
    instrument: Words | None = None
    place: Words | None = None
    latitude: float | None = Field(None, ge=-90, le=90, allow_inf_nan=False)
    longitude: float | None = Field(None, ge=-180, le=180, allow_inf_nan=False)
    channel: Words | None = None
    text: Words | None = None


def explain(error: ValidationError, named: Mapping[str, str] | None = None) -> tuple[RejectReason, str | None, str]:
    """Return the reason, the field and words for the first thing that did not fit.

    Args:
        error: Of pydantic.
        named: How fields are called in the words, by name; others go by their own.
    """
    first = error.errors(include_url=False, include_input=False)[0]
    field = ".".join(str(part) for part in first["loc"]) or None
    if first["type"] == "json_invalid":
        return "unreadable", None, f"is not JSON: {first['msg'].removeprefix('Invalid JSON: ')}"
    name = (named or {}).get(field or "", field or "the record")
    return _reason(first["type"]), field, f"{name} {_words(first, field)}"


def _reason(kind: str) -> RejectReason:
    if kind == "missing":
        return "missing_field"
    if kind == "finite_number":
        return "non_finite"
    return "wrong_type" if kind.endswith("_type") else "bad_value"


def _words(error: ErrorDetails, field: str | None) -> str:
    kind = error["type"]
    if kind == "string_pattern_mismatch":
        return (
            f"must {'be three capital letters, such as EUR' if field == 'currency' else 'hold no control characters'}"
        )
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        return "is not known here"
    words = error["msg"].removeprefix("Value error, ")
    return words.replace("Input should", "must").replace("String should", "must")
