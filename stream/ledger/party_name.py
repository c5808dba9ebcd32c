"""Who a party is, however spelt: a registered identifier, else its name's skeleton, else the user's identifier."""

import re

from stream.events.supply_chain.identifier import comparable
from stream.events.supply_chain.party import Party
from stream.ledger.latin import in_latin

# What follows a name in registers, by the letters that are left of it.
_LEGAL_FORMS = frozenset((
    "AB", "AD", "AG", "AO", "APS", "AS", "ASA", "BHD", "BV", "CO", "COMPANY", "CORP", "CORPORATION", "CV", "DD",
    "DOO", "EOOD", "GMBH", "INC", "INCORPORATED", "KFT", "KG", "KGAA", "KK", "LDA", "LIMITED", "LLC", "LLP", "LTD",
    "LTDA", "NV", "OAO", "OHG", "OOD", "OOO", "OU", "OY", "OYJ", "PAO", "PLC", "PRIVATE", "PTE", "PTY", "PVT", "SA",
    "SAB", "SARL", "SAS", "SDN", "SE", "SIA", "SL", "SLU", "SP", "SPA", "SPOL", "SRL", "SRO", "TOO", "UAB", "ZAO",
    "ZOO", "ZRT", "AND",
))  # fmt: skip
_WORDS = re.compile(r"[^\W_]+")
_LEI = re.compile(r"[A-Z0-9]{18}[0-9]{2}")
# Systems of transliteration differ in vowels, in H, and in how they write sibilants and gutturals.
_SOUNDS = re.compile(r"[AEIOUYJH]")
_SIBILANTS = str.maketrans({"C": "S", "K": "S", "Q": "S", "X": "S", "Z": "S", "W": "V"})
_LEAST_SKELETON = 4


def is_lei(identifier: str) -> bool:
    """Return whether a text is a legal entity identifier (ISO 17442): 20 characters whose checksum is right."""
    if _LEI.fullmatch(identifier) is None:
        return False
    return int("".join(str(int(character, 36)) for character in identifier)) % 97 == 1


def name_words(name: str) -> list[str]:
    """Return a name's words in Latin capitals, legal forms left out unless nothing else is there.

    Example:
        >>> name_words("Acme Metals, S.p.A."), name_words("ООО «Сталь»")
        (['ACME', 'METALS'], ['STAL'])
    """
    words: list[str] = []
    letters = ""
    for word in _WORDS.findall(in_latin(name)):
        if len(word) == 1:
            letters += word
            continue
        if letters:
            words.append(letters)
            letters = ""
        words.append(word)
    if letters:
        words.append(letters)
    return [word for word in words if word not in _LEGAL_FORMS] or words


def skeleton(name: str) -> str:
    """Return what is left of a name when its spelling is forgotten: the order of words, vowels, kinds of sibilants.

    Example:
        >>> skeleton("Яковлев и Юшкин") == skeleton("Jakovlev i Juschkin") == skeleton("Yakovlev i Yushkin")
        True
    """
    words = sorted(filter(None, (_word_skeleton(word) for word in name_words(name))))
    joined = " ".join(words)
    return joined if len(joined) >= _LEAST_SKELETON else " ".join(sorted(name_words(name)))


def _word_skeleton(word: str) -> str:
    heard = _SOUNDS.sub("", word.replace("PH", "F")).translate(_SIBILANTS)
    return re.sub(r"(.)\1+", r"\1", heard.replace("TS", "S").replace("DS", "S"))


def party_identity(party: Party) -> str:
    """Return who a party is: its LEI if its identifier is one, else its name's skeleton, else its identifier."""
    identifier = comparable(party.id).upper()
    if is_lei(identifier):
        return f"lei {identifier}"
    return f"name {skeleton(party.name)}" if party.name is not None and skeleton(party.name) else f"id {identifier}"
