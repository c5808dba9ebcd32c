"""A financier says that it was not paid."""

from typing import ClassVar, Literal, Self

from pydantic import model_validator

from stream.events.supply_chain.money_document import MoneyDocument
from stream.events.supply_chain.party import Party
from stream.events.supply_chain.strict import misfit


class DefaultNotice(MoneyDocument):
    """A notice of default; its amount is what is owed.

    Attributes:
        defaulter: Which party did not pay.
        seller: Whose financing it is.
        financier: Who gives notice.
        buyer: Who was to pay in the end; always named where it is the defaulter.
    """

    issued_by: ClassVar[str] = "financier"

    type: Literal["default_notice"] = "default_notice"
    defaulter: Literal["seller", "buyer"]
    seller: Party
    financier: Party
    buyer: Party | None = None

    @model_validator(mode="after")
    def _names_the_defaulter(self) -> Self:
        if self.defaulter not in self.parties:
            raise misfit("buyer", "must be given where it is the defaulter")
        return self
