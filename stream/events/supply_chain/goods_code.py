"""Goods by their code of the Harmonized System, as far as a country's tariff refines it."""

import re
from typing import Annotated

from pydantic import AfterValidator

_FORM = re.compile(r"[0-9]{4,10}")


def _check(code: str) -> str:
    if _FORM.fullmatch(code) is None or code.startswith("00"):
        raise ValueError("must be an HS code of 4 to 10 digits, such as 7403")
    return code


GoodsCode = Annotated[str, AfterValidator(_check)]
