"""Writes Cyrillic and Greek in Latin letters; the tables never change, since what is stored was hashed through them.

Cyrillic after ICAO Doc 9303, Greek after ELOT 743 without its digraphs. Other scripts stay as they are.
"""

import unicodedata

_CYRILLIC = {
    "А": "A", "Б": "B", "В": "V", "Г": "G", "Д": "D", "Е": "E", "Ж": "ZH", "З": "Z", "И": "I", "К": "K", "Л": "L",
    "М": "M", "Н": "N", "О": "O", "П": "P", "Р": "R", "С": "S", "Т": "T", "У": "U", "Ф": "F", "Х": "KH", "Ц": "TS",
    "Ч": "CH", "Ш": "SH", "Щ": "SHCH", "Ъ": "", "Ы": "Y", "Ь": "", "Э": "E", "Ю": "IU", "Я": "IA", "Є": "IE",
    "І": "I", "Ґ": "G", "Ђ": "D", "Ј": "J", "Љ": "LJ", "Њ": "NJ", "Ћ": "C", "Џ": "DZ", "Ѕ": "DZ", "Ӏ": "",
}  # fmt: skip
_GREEK = {
    "Α": "A", "Β": "V", "Γ": "G", "Δ": "D", "Ε": "E", "Ζ": "Z", "Η": "I", "Θ": "TH", "Ι": "I", "Κ": "K", "Λ": "L",
    "Μ": "M", "Ν": "N", "Ξ": "X", "Ο": "O", "Π": "P", "Ρ": "R", "Σ": "S", "Τ": "T", "Υ": "Y", "Φ": "F", "Χ": "CH",
    "Ψ": "PS", "Ω": "O",
}  # fmt: skip
# Letters of Latin alphabets that Unicode does not take apart.
_LATIN = {"ß": "SS", "ẞ": "SS", "Æ": "AE", "Œ": "OE", "Ø": "O", "Đ": "D", "Ł": "L", "Þ": "TH", "Ð": "D", "ı": "I"}
_TABLE = str.maketrans({**_CYRILLIC, **_GREEK, **_LATIN})


def in_latin(text: str) -> str:
    """Return a text in Latin capitals without accents.

    Example:
        >>> in_latin("Сталь Łódź Αθήνα")
        'STAL LODZ ATHINA'
    """
    if text.isascii():
        return text.upper()
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).upper())
    return "".join(letter for letter in apart if not unicodedata.combining(letter)).translate(_TABLE)
