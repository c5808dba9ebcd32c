"""A document that is financed, as far as the request or the assignment says what it is."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from stream.events.supply_chain.currency_code import CurrencyCode
from stream.events.supply_chain.day import Day
from stream.events.supply_chain.document import DocumentReference
from stream.events.supply_chain.strict import misfit
from stream.events.supply_chain.supply_chain_document import MinorUnits

WHOLE_SHARE_PPM = 1_000_000


class FinancedDocument(DocumentReference):
    """A document and what it says, so that it can be told whether it was financed before.

    Attributes:
        amount_minor: Of the document, not of what is asked for.
        currency: ISO 4217.
        issue_date: Day that the document bears.
        due_date: Day on which it is to be paid.
        instalment_minor: Declared part of the document that this request finances; the parts of one document are
            legal together up to its amount.
        share_ppm: Declared share of a syndicate's member, in millionths; those of one document are legal up to one.
    """

    amount_minor: MinorUnits
    currency: CurrencyCode
    issue_date: Day
    due_date: Day | None = None
    instalment_minor: MinorUnits | None = None
    share_ppm: Annotated[int, Field(ge=1, le=WHOLE_SHARE_PPM)] | None = None

    @property
    def part_minor(self) -> int | None:
        """How much of the document is financed where that is declared, rounded down; None for all of it."""
        if self.share_ppm is not None:
            return self.amount_minor * self.share_ppm // WHOLE_SHARE_PPM
        return self.instalment_minor

    @model_validator(mode="after")
    def _one_part_of_itself(self) -> Self:
        if self.instalment_minor is not None and self.share_ppm is not None:
            raise misfit("share_ppm", "must not be given beside instalment_minor")
        if self.instalment_minor is not None and self.instalment_minor > self.amount_minor:
            raise misfit("instalment_minor", "must not be more than amount_minor")
        if self.due_date is not None and self.due_date < self.issue_date:
            raise misfit("due_date", "must not lie before issue_date")
        return self
