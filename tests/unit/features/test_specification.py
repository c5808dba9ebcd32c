"""The features' names, hash and texts."""

from dataclasses import replace
from math import log

import pytest

from stream.features import specification
from stream.features.specification import (
    COUNTERPARTY_WIDTH,
    FEATURES,
    FROM_LABELS,
    MOVABLE,
    NAMES,
    SUBJECT_WIDTH,
    feature_hash,
)


def of(name):
    return FEATURES[NAMES.index(name)]


def test_names_are_unique_and_the_subjects_part_comes_first():
    assert len(set(NAMES)) == len(NAMES) == SUBJECT_WIDTH + COUNTERPARTY_WIDTH
    assert [feature.side for feature in FEATURES] == ["subject"] * SUBJECT_WIDTH + ["counterparty"] * COUNTERPARTY_WIDTH


def test_the_hash_changes_with_the_version(monkeypatch):
    before = feature_hash()
    monkeypatch.setattr(specification, "SPECIFICATION_VERSION", specification.SPECIFICATION_VERSION + 1)
    assert feature_hash.__wrapped__() != before


def test_what_a_fraudster_can_move_is_no_part_of_the_hash_and_nothing_made_of_labels(monkeypatch):
    before = feature_hash()
    monkeypatch.setattr(specification, "FEATURES", tuple(replace(one, movable=not one.movable) for one in FEATURES))
    assert feature_hash.__wrapped__() == before
    assert not any(moves and made for moves, made in zip(MOVABLE, FROM_LABELS, strict=True))
    assert of("log_amount").movable
    assert not of("subject_count_30d").movable


@pytest.mark.parametrize("feature", FEATURES, ids=NAMES)
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
    assert of("log_amount").describe(log(1 + 1234.5)) == "amount 1,234.50"


def test_a_feature_is_a_value():
    assert replace(FEATURES[0]) == FEATURES[0]


@pytest.mark.parametrize("value", [3.4e38, -3.4e38, float("inf"), float("-inf"), float("nan"), 1_000.0])
def test_a_forged_feature_is_told_in_a_short_text_like_any_other(value):
    assert all(0 < len(feature.describe(value)) < 200 for feature in FEATURES)
