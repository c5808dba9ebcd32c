"""How numbers and parties are compared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.events.supply_chain.party import Party
from stream.ledger.document_number import plain_number, sequence, without_zeros
from stream.ledger.fingerprint import Fingerprints, event_of, pack_currency
from stream.ledger.latin import in_latin
from stream.ledger.party_name import is_lei, name_words, party_identity, skeleton

PRINTS = Fingerprints(b"a key for tests.")


@pytest.mark.parametrize(
    ("number", "compared"),
    [
        ("inv-0017/a", "INV17A"),
        ("ＩＮＶ－１７", "INV17"),
        ("000", "0"),
        ("2024/0017", "20240017"),
        ("№ 7", "NO7"),
        ("//", "//"),
    ],
)
def test_a_number_is_compared_by_its_letters_and_digits(number, compared):
    assert without_zeros(plain_number(number)) == compared


@pytest.mark.parametrize(
    ("number", "place"),
    [("F-1017/24", 1017), ("2024-17", 17), ("17", 17), ("24", 24), ("A", None), ("1" * 20, 111_111_111)],
)
def test_a_number_stands_in_its_sequence_by_its_last_digits_that_are_no_year(number, place):
    assert sequence(number, 2024) == place


@pytest.mark.parametrize(
    "names",
    [
        ("Acme Metals Ltd", "ACME METALS S.A.", "metals, acme", "Acmé-Metals GmbH & Co. KG"),
        ("Щёлково Сталь", "Shchelkovo Stal", "Schtschelkowo Stal", "ŠČELKOVO STAL"),
        ("Αθηναϊκή Χαρτοποιία", "Athinaiki Chartopoiia", "ATHINAIKI KHARTOPIIA"),
        ("Łódź Tekstylia sp. z o.o.", "Lodz Tekstylia"),
    ],
)
def test_a_name_is_the_same_in_other_scripts_and_under_other_legal_forms(names):
    assert len({skeleton(name) for name in names}) == 1


def test_other_names_are_not_the_same():
    assert skeleton("Acme Metals") != skeleton("Acme Mining")
    assert skeleton("AIO") != skeleton("OIA")


def test_a_name_of_nothing_but_legal_forms_keeps_them():
    assert name_words("Limited Company") == ["LIMITED", "COMPANY"]


def test_a_party_is_its_lei_else_its_name_else_its_identifier():
    lei = "529900T8BM49AURSDO55"
    assert is_lei(lei)
    assert not is_lei(lei[:-1] + "6")
    assert (
        party_identity(Party(id=lei, name="Acme"))
        == party_identity(Party(id=lei.lower(), name="Other"))
        == f"lei {lei}"
    )
    assert party_identity(Party(id="S1", name="Acme")) == party_identity(Party(id="S2", name="ACME Ltd"))
    assert party_identity(Party(id="s1")) == party_identity(Party(id="S1")) == "id S1"
    assert party_identity(Party(id="S1", name="...")) == "id S1"


@given(text=st.text(max_size=20))
def test_any_text_can_be_written_in_latin_and_stays_so(text):
    assert in_latin(in_latin(text)) == in_latin(text)


@given(event_id=st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=40))
def test_an_event_is_named_again_from_its_code_or_by_a_hash(event_id):
    code = PRINTS.event_code(event_id)
    assert len(code) == 24
    fits = len(event_id.encode()) <= 24
    assert event_of(code) == event_id if fits else event_of(code).startswith("~")


def test_a_uuid_is_kept_whole_unless_it_is_written_oddly():
    uuid = "6f1c3a52-9d0e-4c3b-8a77-0e6a5d2f9b10"
    assert event_of(PRINTS.event_code(uuid)) == uuid
    assert event_of(PRINTS.event_code(uuid.upper())).startswith("~")


def test_currencies_have_numbers_of_their_own():
    assert len({pack_currency(code) for code in ("EUR", "USD", "AED", "ZWL")}) == 4
    assert pack_currency("ZZZ") < 2**15


@pytest.mark.parametrize("key", [b"short", b"x" * 65])
def test_a_key_has_16_to_64_bytes(key):
    with pytest.raises(ValueError, match="16 to 64"):
        Fingerprints(key)
