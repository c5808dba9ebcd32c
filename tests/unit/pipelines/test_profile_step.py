"""The first hop on one partition, and the hop before it for topics keyed otherwise."""

from types import SimpleNamespace

import msgspec
import numpy as np
import pytest

from stream.clock import FixedClock
from stream.events.decode import Decoder, SourceRecord
from stream.events.enriched_event import EnrichedEvent, MatchedEvent, key_of
from stream.events.enriched_event import decode as decode_enriched
from stream.events.match_reason import MatchReason, match_headers
from stream.events.produced_at import produced_at_headers, produced_at_ms
from stream.events.pseudonym import Pseudonyms
from stream.features.profile_state import ProfileState
from stream.features.specification import DOCUMENTS, PAYMENTS
from stream.metrics import Metrics
from stream.pipelines.profile_subject import ProfileStep, RekeyStep
from stream.placement import partition_of
from stream.transport.partition_stage import source_record
from tests.builders.events import NOON_S, a_line, a_record, an_event
from tests.builders.supply_chain import LINE as DOCUMENTS_LINE
from tests.builders.supply_chain import a_documents_line, supply_chain_bytes

PRODUCED_MS = int(NOON_S * 1000)
LINE = a_line(rekey=True)


def a_decoder():
    return Decoder({LINE.name: LINE}, FixedClock(NOON_S + 86_400))


def as_read_from_kafka(outgoing, timestamp):
    """Return what was written as a consumer hands it out, some time later."""
    headers = tuple(outgoing.headers)
    return SimpleNamespace(
        topic=outgoing.topic, partition=0, offset=0, key=outgoing.key, value=outgoing.value, timestamp=timestamp,
        headers=headers,
    )  # fmt: skip


def enriched(record):
    step = ProfileStep(a_decoder(), ProfileState(PAYMENTS), Metrics(), 0, 1)
    (made,) = events_of(step.process([record]))
    return made


def events_of(effects):
    return [event for one in effects.outgoing for event in decode_enriched(one.value)]


def test_an_event_keyed_anew_keeps_its_bytes_and_when_it_was_produced():
    record = a_record(an_event())
    (rekeyed,) = RekeyStep(a_decoder(), "payments-rekeyed").process([record]).outgoing
    assert (rekeyed.topic, rekeyed.key, rekeyed.value) == ("payments-rekeyed", b"c1", record.value)
    later = source_record(as_read_from_kafka(rekeyed, PRODUCED_MS + 9_000))
    assert enriched(later).produced_at_ms == PRODUCED_MS


def test_a_users_own_topic_cannot_claim_when_its_records_were_produced():
    claimed = SimpleNamespace(headers=produced_at_headers(1), **vars_of(a_record(an_event()), PRODUCED_MS))
    assert source_record(claimed).timestamp_ms == PRODUCED_MS


def vars_of(record, timestamp):
    kept = {name: getattr(record, name) for name in ("topic", "partition", "offset", "key", "value")}
    return {**kept, "timestamp": timestamp}


@pytest.mark.parametrize("value", [b"", None, b"soon", b"-1", b"9" * 40])
def test_a_time_that_cannot_be_read_is_kafkas_own(value):
    assert produced_at_ms([("produced-at-ms", value)], 7) == 7
    assert produced_at_ms([("other", b"5")], 7) == 7


def test_the_newest_event_time_of_a_topic_never_goes_back():
    metrics = Metrics()
    step = ProfileStep(a_decoder(), ProfileState(PAYMENTS), metrics, 3, 4)

    def newest(topic):
        labels = {"topic": topic, "partition": "3"}
        return metrics.registry.get_sample_value("foreshot_last_event_time_seconds", labels)

    for at, time in enumerate(["2023-11-14T22:00:10", "2023-11-14T22:00:05"]):
        step.process([a_record(an_event(id=f"e{at}", time=time), offset=at)])
    value = a_record(an_event(id="e9", time="2023-11-14T21:00:00")).value
    step.process([SourceRecord("payments-rekeyed", 0, 0, b"c1", value, 0)])
    assert newest("payments-rekeyed") == newest("payments") - 3_610


def test_a_subject_with_a_pseudonym_is_written_and_kept_under_it_alone_and_scored_as_before():
    pseudonym = Pseudonyms(b"k" * 16).of
    records = [a_record(an_event(id=f"e{at}", card="card-of-ana"), offset=at) for at in range(3)]
    plain = ProfileStep(a_decoder(), ProfileState(PAYMENTS), Metrics(), 0, 1)
    hidden = ProfileStep(a_decoder(), ProfileState(PAYMENTS), Metrics(), 0, 1, pseudonym)
    before, after = (events_of(step.process(records)) for step in (plain, hidden))
    assert after == [msgspec.structs.replace(one, subject=pseudonym("card-of-ana")) for one in before]
    kept = hidden.state.drain_changes()
    assert any(pseudonym("card-of-ana").encode() in key for key, _ in kept)
    assert not any(b"card-of-ana" in part for record in kept for part in record if part is not None)


def a_document(at, headers=()):
    value = supply_chain_bytes("financing_request", event_id=f"fr-{at}")
    return SimpleNamespace(
        topic="copper-documents-rekeyed", partition=0, offset=at, key=b"S1", value=value, timestamp=PRODUCED_MS,
        headers=(*produced_at_headers(PRODUCED_MS - 5), *headers),
    )  # fmt: skip


def test_what_the_ledgers_found_of_a_document_goes_on_with_it_and_with_no_other():
    reasons = [MatchReason("exact", "invoice INV-1 was financed on 3 May 2023 by another financier")]
    line = a_documents_line()
    step = ProfileStep(Decoder({line.name: line}, FixedClock(NOON_S)), ProfileState(DOCUMENTS), Metrics(), 0, 1)
    broken = a_document(2, [("document-matches", b'[{"rule": "guess", "text": "x"}]')])
    records = [a_document(0), a_document(1, match_headers(reasons)), broken, a_document(1), a_document(3)]
    effects = step.process([source_record(one) for one in records])
    made = events_of(effects)
    assert [(one.event_id, type(one)) for one in made] == [
        ("fr-0", EnrichedEvent), ("fr-1", MatchedEvent), ("fr-3", EnrichedEvent),
    ]  # fmt: skip
    assert made[1].reasons == reasons
    assert {key_of(one) for one in made} == {f"{DOCUMENTS_LINE}\0B1".encode()}
    assert {one.produced_at_ms for one in made} == {PRODUCED_MS - 5}
    assert [(one.record.offset, one.reason, one.field) for one in effects.rejected] == [
        (2, "unreadable", "document-matches")
    ]


def test_documents_of_a_line_meet_and_a_restart_goes_on_to_the_bit():
    line = a_documents_line()
    kinds = ("purchase_order", "invoice", "financing_request", "drawdown")
    records = [replace_value(a_document(at), supply_chain_bytes(kind)) for at, kind in enumerate(kinds)]

    def a_step():
        return ProfileStep(Decoder({line.name: line}, FixedClock(NOON_S)), ProfileState(DOCUMENTS), Metrics(), 0, 1)

    whole, first, second = a_step(), a_step(), a_step()
    expected = events_of(whole.process(records))
    before = events_of(first.process(records[:2]))
    second.state.restore(first.state.drain_changes())
    assert before + events_of(second.process(records[2:])) == expected
    at = [DOCUMENTS.names.index(name) for name in ("no_order", "financed_vs_amount", "since_drawdown")]
    rows = [np.frombuffer(one.features, "<f4") for one in expected]
    assert {len(row) for row in rows} == {DOCUMENTS.profiled_width}
    # The request is for all of an invoice that has its order; nothing was drawn before it.
    np.testing.assert_array_equal(rows[2][at], np.array([0.0, 0.0, np.log1p(365.0)], np.float32))


def test_events_travel_together_to_where_their_counterparties_are_kept():
    shops = [f"shop-{at % 40}" for at in range(200)]
    records = [a_record(an_event(id=f"e{at}", shop=shop), offset=at) for at, shop in enumerate(shops)]
    made = ProfileStep(a_decoder(), ProfileState(PAYMENTS), Metrics(), 0, 4).process(records).outgoing
    assert sorted(one.partition for one in made) == [0, 1, 2, 3]
    for one in made:
        inside = decode_enriched(one.value)
        assert {partition_of(key_of(event), 4) for event in inside} == {one.partition}
        assert [int(event.event_id[1:]) for event in inside] == sorted(int(event.event_id[1:]) for event in inside)
    assert sum(len(decode_enriched(one.value)) for one in made) == len(records)


def test_a_record_of_events_stays_below_what_kafka_takes():
    long = [f"{at:03d}" + "x" * 250 for at in range(2_000)]
    records = [a_record(an_event(id=name, card=name, shop="shop"), offset=at) for at, name in enumerate(long)]
    made = ProfileStep(a_decoder(), ProfileState(PAYMENTS), Metrics(), 0, 4).process(records).outgoing
    assert len(made) > 1
    assert max(len(one.value) for one in made) <= 60 << 10
    assert [event.event_id for one in made for event in decode_enriched(one.value)] == long


def replace_value(record, value):
    return source_record(SimpleNamespace(**{**vars(record), "value": value}))
