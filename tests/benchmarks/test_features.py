"""What the two sides' features cost an event, look-up included."""

from itertools import count

import numpy as np
import pytest

from stream.events.event_batch import EventBatch
from stream.features.counterparty import CounterpartyBatch, CounterpartyState, observe
from stream.features.entity_state import EntityTable
from stream.features.recent_ids import BLOCK, BLOCKS, RecentIds
from stream.features.subject import SubjectState, profile
from stream.features.subject_row import SUBJECT_ROW
from stream.features.text_hash import hash_texts

EVENTS = 512 * 32
_NUMBERS = count()


def a_stretch_of_events():
    chance = np.random.default_rng(0)
    times_s = 1.6e9 + np.sort(chance.uniform(0, 86_400.0, EVENTS)) + 86_400.0 * next(_NUMBERS)
    nowhere, nothing = np.full(EVENTS, np.nan, np.float32), np.zeros(EVENTS, np.uint32)
    return EventBatch(
        event_id=[f"event-{next(_NUMBERS)}" for _ in range(EVENTS)],
        line=["cards"] * EVENTS,
        subject=[f"card-{number}" for number in chance.integers(0, 5_000, EVENTS)],
        counterparty=[f"terminal-{number}" for number in chance.integers(0, 10_000, EVENTS)],
        currency=["EUR"] * EVENTS,
        occurred_at_s=times_s,
        amount_minor=np.ones(EVENTS, np.int64),
        amount=chance.lognormal(3, 1, EVENTS),
        instrument=nothing,
        place=nothing,
        latitude=nowhere,
        longitude=nowhere,
        produced_at_ms=np.zeros(EVENTS, np.int64),
    )


def the_other_side(batch):
    return CounterpartyBatch(
        batch.line, batch.counterparty, batch.occurred_at_s, batch.amount, np.zeros(EVENTS), np.full(EVENTS, 604_800.0)
    )


def test_profiling_subjects(benchmark):
    state = SubjectState()
    profile(state, a_stretch_of_events())
    benchmark.extra_info["events"] = EVENTS
    benchmark.pedantic(profile, setup=lambda: ((state, a_stretch_of_events()), {}), rounds=10)
    _, repeats = profile(state, a_stretch_of_events())
    assert not repeats.any()


def test_remembering_ids_with_a_full_memory_and_its_changelog(benchmark):
    recent, chance = RecentIds(), np.random.default_rng(0)
    owners = hash_texts([f"card-{at}" for at in range(512)])

    def a_stretch(events):
        return chance.integers(1, 2**63, (events // 512, 512), dtype=np.uint64)

    def remember(batches):
        for hashes in batches:
            recent.take(owners, hashes)
            recent.drain_changes()

    remember(a_stretch(BLOCK * BLOCKS))
    benchmark.extra_info["events"] = EVENTS
    benchmark.pedantic(remember, setup=lambda: ((a_stretch(EVENTS),), {}), rounds=20)
    assert recent.size_bytes() == 24 * BLOCK * BLOCKS


def test_observing_counterparties(benchmark):
    state = CounterpartyState()
    observe(state, the_other_side(a_stretch_of_events()))
    benchmark.extra_info["events"] = EVENTS
    features = benchmark.pedantic(
        observe, setup=lambda: ((state, the_other_side(a_stretch_of_events())), {}), rounds=10
    )
    assert features.any()


@pytest.mark.parametrize("entities", [100_000])
def test_restoring_entities(benchmark, entities):
    value = np.zeros(1, SUBJECT_ROW).tobytes()
    records = [(b"cards\0card-%d" % number, value) for number in range(entities)]
    benchmark.extra_info["entities"] = entities
    applied = benchmark.pedantic(
        lambda table: table.restore(records), setup=lambda: ((EntityTable(SUBJECT_ROW, 1_000_000),), {}), rounds=3
    )
    assert applied == entities
