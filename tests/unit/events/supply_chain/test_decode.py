"""Every event of supply-chain finance is taken, or refused with its reason; none raises."""

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stream.events.event_time import EARLIEST_S, LATEST_S
from stream.events.supply_chain.canonical_roles import as_transaction
from stream.events.supply_chain.decode import Rejection, decode_supply_chain
from stream.events.supply_chain.supply_chain_event import EVENT_TYPES
from tests.builders.events import NOON_S
from tests.builders.supply_chain import INVOICE, LINE, SELLER, supply_chain_bytes, supply_chain_fields

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
ON_ANY_MACHINE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
FIELDS = sorted({name for kind in EVENT_TYPES for name in supply_chain_fields(kind)} | {"purpose", "description"})


def decode(value, **limits):
    return decode_supply_chain(value, LINE, **limits)


def refusal(value, **limits):
    found = decode(value, **limits)
    assert isinstance(found, Rejection)
    assert found.words
    assert "\n" not in found.words
    return found.reason, found.field


def quantity(**changed):
    return {"value": 1, "unit_code": "KGM", **changed}


@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_an_event_of_every_type_is_taken(kind):
    found = decode(supply_chain_bytes(kind))
    assert found == EVENT_TYPES[kind].model_validate(supply_chain_fields(kind))


def test_an_event_may_leave_its_line_out_and_name_no_other():
    found = decode(supply_chain_bytes(line=None))
    assert not isinstance(found, Rejection)
    assert found.line == LINE
    assert refusal(supply_chain_bytes(line="cards")) == ("unknown_line", "line")
    assert refusal(supply_chain_bytes(line=7)) == ("wrong_type", "line")


@pytest.mark.parametrize(
    "value",
    [None, b"", b"{", b"[]", b'"text"', b"3", b"null", b"\xff\xfe", b"\xef\xbb\xbf{}", '{"a": 1}'.encode("utf-16"),
     b'{"amount_minor": NaN}', b'{"occurred_at_s": Infinity}', b'{"occurred_at_s": 1e999}', b'{"a": "\\ud800"}',
     b'{"a": "x\ny"}', b"[" * 5000, b'{"a":' * 5000, b"[" * 1000 + b"]" * 1000, b'{"a":' * 1000 + b"1" + b"}" * 1000],
)  # fmt: skip
def test_what_is_no_json_object_is_unreadable(value):
    assert refusal(value) == ("unreadable", None)


def test_ten_megabytes_of_description_are_refused_unread_and_what_fits_a_record_is_refused_by_its_field():
    assert refusal(supply_chain_bytes(description="x" * 10_000_000)) == ("oversized", None)
    assert refusal(supply_chain_bytes(description="x" * 5_000)) == ("bad_value", "description")
    assert not isinstance(decode(supply_chain_bytes(description="x" * 4_096)), Rejection)
    assert refusal(supply_chain_bytes(), max_bytes=100) == ("oversized", None)


def test_nesting_is_refused_at_any_depth():
    for depth in (10, 100, 240, 500, 900):
        value = supply_chain_bytes(description=None)[:-1] + b',"seller":' + b"[" * depth + b"]" * depth + b"}"
        assert refusal(value)[0] in ("bad_value", "unreadable")
        value = supply_chain_bytes(seller=None)[:-1] + b',"seller":' + b"[" * depth + b"]" * depth + b"}"
        assert refusal(value) in (("wrong_type", "seller"), ("unreadable", None))


@pytest.mark.parametrize(
    ("inserted", "field"),
    [(b'"amount_minor":1', "amount_minor"), (b'"amount_mino\\u0072":1', "amount_minor"),
     (b'"purpose":"a","purpose":"a"', "purpose"), (b'"quantity":{"value":1,"value":2}', "value")],
)  # fmt: skip
def test_a_key_given_twice_is_refused_by_its_name(inserted, field):
    assert refusal(supply_chain_bytes()[:-1] + b"," + inserted + b"}") == ("bad_value", field)


def test_the_same_key_in_two_objects_is_no_repetition():
    assert not isinstance(decode(supply_chain_bytes(references=[INVOICE | {"number": n} for n in "ab"])), Rejection)


@pytest.mark.parametrize("name", ["event_id", "occurred_at_s", "document_number", "issue_date", "due_date", "seller",
                                  "buyer", "amount_minor", "currency"])  # fmt: skip
def test_every_required_field_is_missed(name):
    assert refusal(supply_chain_bytes(**{name: None})) == ("missing_field", name)


@pytest.mark.parametrize(
    ("kind", "reason"), [(None, "missing_field"), (3, "wrong_type"), (["invoice"], "wrong_type"), ("bill", "bad_value")]
)
def test_an_event_without_a_known_type_is_refused_by_its_type(kind, reason):
    assert refusal(supply_chain_bytes(type=kind)) == (reason, "type")


@pytest.mark.parametrize(
    ("changed", "reason", "field"),
    [
        ({"amount_minor": -1}, "bad_value", "amount_minor"),
        ({"amount_minor": 10**15 + 1}, "bad_value", "amount_minor"),
        ({"amount_minor": 1.0}, "wrong_type", "amount_minor"),
        ({"amount_minor": "1"}, "wrong_type", "amount_minor"),
        ({"amount_minor": True}, "wrong_type", "amount_minor"),
        ({"amount_minor": [1]}, "wrong_type", "amount_minor"),
        ({"currency": "EURO"}, "bad_value", "currency"),
        ({"currency": "eur"}, "bad_value", "currency"),
        ({"currency": "XXX"}, "bad_value", "currency"),
        ({"currency": "QQQ"}, "bad_value", "currency"),
        ({"currency": 978}, "wrong_type", "currency"),
        ({"quantity": quantity(value=-1)}, "bad_value", "quantity.value"),
        ({"quantity": quantity(value=1.5)}, "wrong_type", "quantity.value"),
        ({"quantity": quantity(scale=10)}, "bad_value", "quantity.scale"),
        ({"quantity": quantity(unit_code="stone")}, "bad_value", "quantity.unit_code"),
        ({"quantity": quantity(unit_code=None)}, "wrong_type", "quantity.unit_code"),
        ({"quantity": {"value": 1}}, "missing_field", "quantity.unit_code"),
        ({"quantity": 1}, "wrong_type", "quantity"),
        ({"goods_code": "740"}, "bad_value", "goods_code"),
        ({"goods_code": "74031100000"}, "bad_value", "goods_code"),
        ({"goods_code": "74.03"}, "bad_value", "goods_code"),
        ({"goods_code": "٧٤٠٣"}, "bad_value", "goods_code"),
        ({"goods_code": "0012"}, "bad_value", "goods_code"),
        ({"goods_code": "7403\n"}, "bad_value", "goods_code"),
        ({"goods_code": 740311}, "wrong_type", "goods_code"),
        ({"issue_date": "2024-02-30"}, "bad_value", "issue_date"),
        ({"issue_date": "20240229"}, "bad_value", "issue_date"),
        ({"issue_date": "2024-W09-4"}, "bad_value", "issue_date"),
        ({"issue_date": "2024-02-29T00:00:00"}, "bad_value", "issue_date"),
        ({"issue_date": "1899-12-31"}, "bad_value", "issue_date"),
        ({"issue_date": "3000-01-01"}, "bad_value", "issue_date"),
        ({"issue_date": 20240229}, "wrong_type", "issue_date"),
        ({"due_date": "2023-11-13"}, "bad_value", "due_date"),
        ({"references": [supply_chain_fields(), INVOICE]}, "missing_field", "references.0.number"),
        ({"references": [{**INVOICE, "number": "INV-1"}]}, "bad_value", "references"),
        ({"references": [{**INVOICE, "type": "letter"}]}, "bad_value", "references.0.type"),
        ({"references": [{**INVOICE, "number": f"I{n}"} for n in range(257)]}, "bad_value", "references"),
        ({"references": INVOICE}, "wrong_type", "references"),
        ({"references": "INV-1"}, "wrong_type", "references"),
        ({"seller": "S1"}, "wrong_type", "seller"),
        ({"seller": {"name": "Acme"}}, "missing_field", "seller.id"),
        ({"seller": {"id": "S1\x00"}}, "bad_value", "seller.id"),
        ({"seller": {"id": ""}}, "bad_value", "seller.id"),
        ({"seller": {"id": "x" * 257}}, "bad_value", "seller.id"),
        ({"seller": {**SELLER, "country": "Chile"}}, "bad_value", "seller.country"),
        ({"seller": {**SELLER, "country": "cl"}}, "bad_value", "seller.country"),
        ({"seller": {**SELLER, "email": "a@b"}}, "bad_value", "seller.email"),
        ({"document_number": "INV\n1"}, "bad_value", "document_number"),
        ({"document_number": "INV\x851"}, "bad_value", "document_number"),
        ({"document_number": "INV\u20281"}, "bad_value", "document_number"),
        ({"document_number": "INV-1\n"}, "bad_value", "document_number"),
        ({"document_number": 17}, "wrong_type", "document_number"),
        ({"description": "bell \x07"}, "bad_value", "description"),
        ({"purpose": "\x1b[2J"}, "bad_value", "purpose"),
        ({"occurred_at_s": EARLIEST_S - 1}, "bad_value", "occurred_at_s"),
        ({"occurred_at_s": LATEST_S}, "bad_value", "occurred_at_s"),
        ({"occurred_at_s": "2024-01-01"}, "wrong_type", "occurred_at_s"),
        ({"occurred_at_s": True}, "wrong_type", "occurred_at_s"),
        ({"carrier": SELLER}, "bad_value", "carrier"),
        ({"unheard": 1}, "bad_value", "unheard"),
    ],
)
def test_a_field_that_does_not_fit_is_named_with_its_reason(changed, reason, field):
    assert refusal(supply_chain_bytes(**changed)) == (reason, field)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"due_date": "2023-11-13"}, "due_date must not lie before issue_date"),
        ({"references": [INVOICE]}, "references must not name the document itself"),
        ({"currency": "EURO"}, "currency must be a currency of ISO 4217, such as EUR"),
        ({"issue_date": 3}, "issue_date must be a day such as 2024-05-31"),
        ({"seller": "S1"}, "seller must be an object"),
        ({"seller": {"id": "a\tb"}}, "seller.id must hold no control characters"),
        ({"amount_minor": -1}, "amount_minor must be greater than or equal to 0"),
        ({"goods_code": "1"}, "goods_code must be an HS code of 4 to 10 digits, such as 7403"),
        ({"a\nb": 1}, "a\\nb is not known here"),
        ({"line": "other\x1b"}, "line must hold no control characters"),
    ],
)
def test_a_person_is_told_in_one_line_what_is_wrong(changed, words):
    found = decode(supply_chain_bytes(**changed))
    assert isinstance(found, Rejection)
    assert found.words == words


def test_a_long_name_of_an_unknown_field_is_cut():
    found = decode(supply_chain_bytes(**{"k" * 10_000: 1}))
    assert isinstance(found, Rejection)
    assert found.field == "k" * 100
    assert len(found.words) <= 400


def test_lines_and_columns_of_a_description_are_taken():
    found = decode(supply_chain_bytes(description="copper cathodes\r\n\t25 t"))
    assert not isinstance(found, Rejection)
    assert found.description == "copper cathodes\r\n\t25 t"


def test_an_event_later_than_is_allowed_lies_in_the_far_future():
    assert refusal(supply_chain_bytes(), latest_s=NOON_S - 1) == ("far_future", "occurred_at_s")
    assert not isinstance(decode(supply_chain_bytes(), latest_s=NOON_S), Rejection)


def test_a_number_of_thousands_of_digits_is_refused_without_being_read():
    value = supply_chain_bytes(amount_minor=None)[:-1] + b',"amount_minor":' + b"9" * 6_000 + b"}"
    assert refusal(value)[0] in ("wrong_type", "unreadable")


@ON_ANY_MACHINE
@given(st.binary(max_size=80))
def test_any_bytes_are_refused_with_a_reason(value):
    assert refusal(value)


@ON_ANY_MACHINE
@given(st.sampled_from(sorted(EVENT_TYPES)), st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=2))
def test_any_values_in_the_fields_are_taken_as_a_transaction_or_refused_in_one_line(kind, changed):
    found = decode(orjson.dumps({**supply_chain_fields(kind), **changed}))
    if isinstance(found, Rejection):
        assert found.words.isprintable()
        assert found.field is None or found.field.isprintable()
    else:
        assert as_transaction(found).amount_minor >= 0


@ON_ANY_MACHINE
@given(st.sampled_from(sorted(EVENT_TYPES)), st.text(min_size=1, max_size=40))
def test_any_text_is_an_identifier_or_refused_by_its_field(kind, text):
    found = decode(orjson.dumps(supply_chain_fields(kind, document_number=text)))
    if isinstance(found, Rejection):
        assert (found.reason, found.field) == ("bad_value", "document_number")
    else:
        assert found.document_number == text
