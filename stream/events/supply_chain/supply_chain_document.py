"""What all documents of supply-chain finance share."""

from datetime import date
from typing import Annotated, ClassVar, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from stream.events.event_time import EARLIEST_S, LATEST_S
from stream.events.roles import MOST_MINOR
from stream.events.supply_chain.day import Day
from stream.events.supply_chain.document import DocumentReference, EventType
from stream.events.supply_chain.identifier import Description, Identifier, LineName
from stream.events.supply_chain.party import PARTY_ROLES, Party
from stream.events.supply_chain.strict import Strict, misfit

MOST_REFERENCES = 256

MinorUnits = Annotated[int, Field(ge=0, le=MOST_MINOR)]
# JSON has lists where these are tuples; what lies inside is as strict as ever.
References = Annotated[tuple[DocumentReference, ...], Field(strict=False, max_length=MOST_REFERENCES)]


class SupplyChainDocument(Strict):
    """One document, or one step of its financing.

    Attributes:
        issued_by: Which of the parties numbers the document.
        type: Which document it is.
        event_id: The user's identifier of the event.
        line: Business line.
        occurred_at_s: Event time, epoch seconds, of the years 1900 to 2999.
        document_number: As the issuer numbered it.
        issue_date: Day that the document bears.
        due_date: Day on which it is to be paid, or ends; not before `issue_date`.
        references: Other documents that it names, which may come later or refer back.
        description: Free words on the goods.
        purpose: What the money is for, in words.
    """

    issued_by: ClassVar[str]

    type: EventType
    event_id: Identifier
    line: LineName
    occurred_at_s: Annotated[float, Field(ge=EARLIEST_S, lt=LATEST_S, allow_inf_nan=False)]
    document_number: Identifier
    issue_date: Day
    due_date: Day | None = None
    references: References = ()
    description: Description | None = None
    purpose: Description | None = None

    @property
    def document(self) -> DocumentReference:
        """This document as others refer to it."""
        issuer: Party = getattr(self, self.issued_by)
        return DocumentReference(type=self.type, number=self.document_number, issuer=issuer.id)

    @property
    def parties(self) -> dict[str, Party]:
        """The parties that the document names, by role."""
        # Asking a model for an attribute it lacks costs ten times more.
        given = vars(self)
        return {role: given[role] for role in PARTY_ROLES if given.get(role) is not None}

    @field_validator("due_date")
    @classmethod
    def _not_before_issue(cls, due: date | None, info: ValidationInfo) -> date | None:
        issued: date | None = info.data.get("issue_date")
        if due is not None and issued is not None and due < issued:
            raise ValueError("must not lie before issue_date")
        return due

    @model_validator(mode="after")
    def _not_of_itself(self) -> Self:
        own = self.document.key if self.references else None
        if any(reference.key == own for reference in self.references):
            raise misfit("references", "must not name the document itself")
        return self
