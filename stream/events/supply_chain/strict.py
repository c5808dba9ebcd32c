"""What every value of a supply-chain document obeys, and how two of its fields that do not fit together are told."""

from pydantic import BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

MISFIT = "misfit"


class Strict(BaseModel):
    """A value that never changes, refuses unknown fields and converts nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def misfit(field: str, words: str) -> PydanticCustomError:
    """Return the error of a field that is right by itself and wrong beside another.

    Args:
        field: Which one a person should look at.
        words: What is wrong with it, without its name: `must not lie before issue_date`.
    """
    return PydanticCustomError(MISFIT, "{words}", {"field": field, "words": words})
