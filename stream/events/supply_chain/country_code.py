"""Countries by their ISO 3166-1 alpha-2 code; its form alone is checked."""

import re
from typing import Annotated

from pydantic import AfterValidator

_FORM = re.compile(r"[A-Z]{2}")


def _check(code: str) -> str:
    if _FORM.fullmatch(code) is None:
        raise ValueError("must be two capital letters, such as DE")
    return code


CountryCode = Annotated[str, AfterValidator(_check)]
