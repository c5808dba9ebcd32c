"""A buyer promises to pay what it was asked for."""

from typing import ClassVar, Literal, Self

from pydantic import model_validator

from stream.events.supply_chain.day import Day
from stream.events.supply_chain.money_document import MoneyDocument
from stream.events.supply_chain.party import Party
from stream.events.supply_chain.strict import misfit


class Acceptance(MoneyDocument):
    """An acceptance; `references` name what is accepted.

    Attributes:
        seller: Who will be paid.
        buyer: Who promises.
        financier: To whom the promise is given too.
        due_date: Day on which the buyer will pay.
    """

    issued_by: ClassVar[str] = "buyer"

    type: Literal["acceptance"] = "acceptance"
    seller: Party
    buyer: Party
    financier: Party | None = None
    due_date: Day

    @model_validator(mode="after")
    def _names_what_is_accepted(self) -> Self:
        if not self.references:
            raise misfit("references", "must name what is accepted")
        return self
