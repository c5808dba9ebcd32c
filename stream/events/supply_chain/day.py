"""Days without a time: dates of issue and of payment."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

_FIRST_YEAR, _LAST_YEAR = 1900, 2999  # as event times


def _read(value: Any) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return _of_our_centuries(value)
    if type(value) is not str:
        raise PydanticCustomError("day_type", "must be a day such as 2024-05-31")
    # Python takes 20240531 and 2024-W22-5 too.
    if len(value) != 10 or value[4:8:3] != "--":
        raise ValueError("must be a day such as 2024-05-31")
    try:
        return _of_our_centuries(date.fromisoformat(value))
    except ValueError as error:
        raise ValueError("must be a day of the years 1900 to 2999, such as 2024-05-31") from error


def _of_our_centuries(day: date) -> date:
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise ValueError("must be a day of the years 1900 to 2999")
    return day


Day = Annotated[date, BeforeValidator(_read)]
