"""Names of firms, and the other ways in which documents spell them."""

import unicodedata

import numpy as np

from stream.simulation.supply_chain.place import Place

_TRADES = (
    "Trading", "Industries", "Export", "Foods", "Metals", "Supply", "Logistics", "Materials", "Textiles", "Agro",
    "Components", "Commodities", "Holding", "Works", "International", "Partners",
)  # fmt: skip
_LETTERS = {"ü": "ue", "ö": "oe", "ä": "ae", "ß": "ss", "ł": "l", "Ł": "L", "\u0131": "i", "Đ": "D", "đ": "d"}


def draw_name(place: Place, generator: np.random.Generator) -> tuple[str, ...]:
    """Return a firm's name and other spellings of it: transliterated, legal form written out, capitals."""
    first = place.names[generator.integers(len(place.names))]
    trades = [_TRADES[one] for one in generator.choice(len(_TRADES), 2, replace=False)]
    words = f"{first} {' '.join(trades)}"
    short, long = place.forms[generator.integers(len(place.forms))]
    return f"{words} {short}", f"{transliterated(words)} {short}", f"{words} {long}", f"{words} {short}".upper()


def transliterated(words: str) -> str:
    """Return words in the 26 letters that every office's keyboard has."""
    plain = "".join(_LETTERS.get(one, one) for one in words)
    return "".join(one for one in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(one))
