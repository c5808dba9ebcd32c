"""The features' names, hashes and texts."""

from dataclasses import replace
from math import log

import pytest

from stream.features import specification
from stream.features.payment_features import COUNTERPARTY_WIDTH, SUBJECT_WIDTH
from stream.features.specification import DOCUMENTS, PAYMENTS, specification_by_hash, specification_of
from stream.features.trade.trade_columns import TRADE_WIDTH
from tests.builders.events import a_line
from tests.builders.supply_chain import a_documents_line


def of(name):
    return DOCUMENTS.features[DOCUMENTS.names.index(name)]


def test_payments_have_the_hash_that_initialisations_were_trained_with():
    assert PAYMENTS.hash == "ed9a20469c64d5a229f821edf5272bfe2fb6983b408b01f5a5d045bcb2de9a71"


def test_documents_have_the_features_of_payments_with_those_of_trade_between_the_two_sides():
    subject, counterparty = PAYMENTS.names[:SUBJECT_WIDTH], PAYMENTS.names[SUBJECT_WIDTH:]
    trade = tuple(feature.name for feature in DOCUMENTS.trade)
    assert DOCUMENTS.names == (*subject, *trade, *counterparty)
    assert (len(trade), DOCUMENTS.profiled_width) == (TRADE_WIDTH, SUBJECT_WIDTH + TRADE_WIDTH)
    assert (len(counterparty), PAYMENTS.profiled_width) == (COUNTERPARTY_WIDTH, SUBJECT_WIDTH)


@pytest.mark.parametrize("kind", [PAYMENTS, DOCUMENTS], ids=lambda one: one.kind)
def test_names_are_unique_and_the_subjects_part_comes_first(kind):
    assert len(set(kind.names)) == len(kind.names)
    sides = [feature.side for feature in kind.features]
    assert sides == sorted(sides, reverse=True)


def test_an_installation_has_features_of_trade_where_one_of_its_lines_reads_documents():
    payments, documents = a_line(), a_documents_line()
    assert specification_of([payments]) is PAYMENTS
    assert specification_of([payments, documents]) is DOCUMENTS
    assert [specification_by_hash(one) for one in (PAYMENTS.hash, DOCUMENTS.hash, "x")] == [PAYMENTS, DOCUMENTS, None]


def test_the_hash_changes_with_the_version(monkeypatch):
    before = PAYMENTS.hash
    monkeypatch.setattr(specification, "SPECIFICATION_VERSION", specification.SPECIFICATION_VERSION + 1)
    assert replace(PAYMENTS).hash != before


def test_what_a_fraudster_can_move_is_no_part_of_the_hash_and_nothing_made_of_labels():
    other = replace(PAYMENTS, subject=tuple(replace(one, movable=not one.movable) for one in PAYMENTS.subject))
    assert other.hash == PAYMENTS.hash
    assert not any(moves and made for moves, made in zip(DOCUMENTS.movable, DOCUMENTS.from_labels, strict=True))
    assert of("log_amount").movable
    assert not of("subject_count_30d").movable


@pytest.mark.parametrize("feature", DOCUMENTS.features, ids=DOCUMENTS.names)
@pytest.mark.parametrize("value", [-7.0, 0.0, 0.4, 12.0])
def test_every_feature_can_be_told_to_a_person(feature, value):
    text = feature.describe(value, "account")
    assert text
    assert "{" not in text
    assert "WINDOW" not in text


def test_texts_tell_the_quantity_behind_the_feature():
    assert of("amount_vs_own_mean").describe(log((9.0 + 0.1) / 1.1)) == "amount 9.0 times the card's own mean"
    assert of("counterparty_risk_7d").describe(0.43) == "counterparty's fraud rate over 7 days 43%"
    assert of("pair_new").describe(0.0, "account") == "a counterparty the account knows"
    assert of("instrument_age").describe(0.0, "account") == "an instrument that is new to the account"
    assert of("since_pair_met").describe(log(1 + 30.0)) == "30 hours since the card first met the counterparty"
    assert of("log_amount").describe(log(1 + 1234.5)) == "amount 1,234.50"


def test_a_feature_is_a_value():
    assert replace(PAYMENTS.features[0]) == PAYMENTS.features[0]


@pytest.mark.parametrize("value", [3.4e38, -3.4e38, float("inf"), float("-inf"), float("nan"), 1_000.0])
def test_a_forged_feature_is_told_in_a_short_text_like_any_other(value):
    assert all(0 < len(feature.describe(value)) < 200 for feature in DOCUMENTS.features)
