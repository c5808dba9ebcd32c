"""The first hop's state: subjects, and trade where lines read documents."""

from dataclasses import replace

import numpy as np
import orjson
import pytest

from stream.events.supply_chain.canonical_roles import as_transaction
from stream.events.supply_chain.supply_chain_event import EVENT_TYPES
from stream.features.payment_features import SUBJECT_WIDTH
from stream.features.profile_state import ProfileState, profile_events
from stream.features.specification import DOCUMENTS, PAYMENTS
from stream.features.subject import SubjectState, profile
from stream.features.trade.trade_features import observe_documents
from stream.features.trade.trade_specification import ABSENT
from stream.features.trade.trade_state import KEY_PREFIX, TradeState
from stream.simulation.supply_chain.simulate import simulate_supply_chain
from tests.builders.economy import a_mixed_line
from tests.builders.event_batches import Payment, a_batch
from tests.builders.events import an_event_batch

PAID = a_batch([Payment(float(at), amount=1.0 + at, subject=f"card-{at % 3}") for at in range(12)])


@pytest.fixture(scope="module")
def documents():
    line = replace(a_mixed_line("factoring", 4), sellers=16, buyers=6, deals_per_year=60)
    made = simulate_supply_chain([line], 120, 2).documents[-150:]
    return [EVENT_TYPES[one["type"]].model_validate_json(orjson.dumps(one)) for one in made]


def a_batch_of(documents):
    return an_event_batch(*map(as_transaction, documents))


def profiled(state, documents):
    return profile_events(state, a_batch_of(documents), documents)[0]


def test_without_documents_the_features_and_the_changelog_are_those_of_subjects():
    state, subjects = ProfileState(PAYMENTS), SubjectState()
    found, expected = profile_events(state, PAID), profile(subjects, PAID)
    assert found[0].tobytes() == expected[0].tobytes()
    assert state.drain_changes() == subjects.drain_changes()
    assert state.size_bytes() == subjects.size_bytes()


def test_documents_have_their_subjects_features_then_those_of_trade_all_of_them_finite(documents):
    found = profiled(ProfileState(DOCUMENTS), documents)
    assert found.shape == (len(documents), DOCUMENTS.profiled_width)
    assert found[:, :SUBJECT_WIDTH].tobytes() == profile(SubjectState(), a_batch_of(documents))[0].tobytes()
    trade = observe_documents(TradeState(), documents)
    assert np.isnan(trade).any()
    np.testing.assert_array_equal(found[:, SUBJECT_WIDTH:], np.where(np.isnan(trade), ABSENT, trade))
    assert np.isfinite(found).all()


def test_payments_beside_documents_have_what_says_nothing_and_take_no_memory_for_trade():
    state = ProfileState(DOCUMENTS)
    found, _ = profile_events(state, PAID)
    assert found[:, :SUBJECT_WIDTH].tobytes() == profile(SubjectState(), PAID)[0].tobytes()
    np.testing.assert_array_equal(found[:, SUBJECT_WIDTH:], np.tile(ABSENT, (len(PAID), 1)))
    assert state.size_bytes() < 10_000_000
    assert not any(key.startswith(KEY_PREFIX) for key, _ in state.drain_changes())


def test_a_document_that_is_sent_again_is_observed_once(documents):
    once, again = ProfileState(DOCUMENTS), ProfileState(DOCUMENTS)
    profiled(once, documents)
    sent = [one for document in documents for one in (document, document)]
    _, repeated = profile_events(again, a_batch_of(sent), sent)
    assert repeated.tolist() == [False, True] * len(documents)
    assert again.trade.drain_changes() == once.trade.drain_changes()


@pytest.mark.parametrize("cut", [1, 40, 149])
def test_batches_cut_anywhere_and_states_restored_there_change_no_bit(documents, cut):
    whole = profiled(ProfileState(DOCUMENTS), documents)
    first, second = ProfileState(DOCUMENTS), ProfileState(DOCUMENTS)
    before = profiled(first, documents[:cut])
    changes = first.drain_changes()
    assert second.restore(changes[: len(changes) // 2]) + second.restore(changes[len(changes) // 2 :]) == len(changes)
    after = profiled(second, documents[cut:])
    assert np.concatenate([before, after]).tobytes() == whole.tobytes()
    profiled(first, documents[cut:])
    assert second.drain_changes() == first.drain_changes()


def test_documents_and_payments_in_one_batch_each_have_their_own(documents):
    first = documents[:4]
    found, _ = profile_events(ProfileState(DOCUMENTS), a_batch_of(first), [first[0], None, first[2], None])
    alone = profiled(ProfileState(DOCUMENTS), [first[0], first[2]])
    assert found[[0, 2], SUBJECT_WIDTH:].tobytes() == alone[:, SUBJECT_WIDTH:].tobytes()
    np.testing.assert_array_equal(found[[1, 3], SUBJECT_WIDTH:], np.tile(ABSENT, (2, 1)))
