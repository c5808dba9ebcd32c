"""A transaction in canonical roles, as every line's events become."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Identifier = Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=r"^[^\x00-\x1f\x7f]+$")]
Words = Annotated[str, StringConstraints(max_length=4096)]

_MOST_MINOR = 10**15


class Transaction(BaseModel):
    """One payment.

    Attributes:
        event_id: The user's identifier.
        line: Business line.
        occurred_at_s: Event time, epoch seconds.
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
    occurred_at_s: float = Field(ge=-2_208_988_800.0, le=32_503_680_000.0, allow_inf_nan=False)
    subject: Identifier
    counterparty: Identifier
    amount_minor: int = Field(ge=-_MOST_MINOR, le=_MOST_MINOR)
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    instrument: Words | None = None
    place: Words | None = None
    latitude: float | None = Field(None, ge=-90, le=90, allow_inf_nan=False)
    longitude: float | None = Field(None, ge=-180, le=180, allow_inf_nan=False)
    channel: Words | None = None
    text: Words | None = None
