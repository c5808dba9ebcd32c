"""Minor units of currencies (ISO 4217, list one)."""

from decimal import ROUND_HALF_EVEN, Decimal

_EXPONENTS = {
    **dict.fromkeys(
        ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF",
         "XOF", "XPF"),
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}  # fmt: skip


def exponent(currency: str) -> int:
    """Return how many decimals a currency's minor unit has."""
    return _EXPONENTS.get(currency, 2)


def to_minor(major: Decimal, currency: str) -> int:
    """Return an amount in minor units, rounded half to even."""
    return int(major.scaleb(exponent(currency)).to_integral_value(ROUND_HALF_EVEN))
