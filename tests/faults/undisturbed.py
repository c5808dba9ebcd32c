"""What an undisturbed run leaves of the same input: the product's own steps, without Kafka or workers."""

from collections import defaultdict
from dataclasses import dataclass, field

from stream.clock import SystemClock
from stream.events.decode import Decoder
from stream.events.enriched_event import RiskUpdate, decode, key_of
from stream.features.counterparty import CounterpartyState, observe
from stream.features.profile_state import ProfileState
from stream.features.specification import PAYMENTS
from stream.metrics import Metrics
from stream.pipelines.line_table import LineTable
from stream.pipelines.profile_subject import ProfileStep
from stream.pipelines.score_event import _columns
from stream.pipelines.score_step import COUNTERPARTY_PREFIX
from stream.placement import partitions_of
from stream.transport.partition_stage import source_record

_RUN = 5_000


@dataclass
class Undisturbed:
    """States by partition and key, as their changelogs would end, and the enriched events by id."""

    subjects: dict = field(default_factory=dict)
    counterparties: dict = field(default_factory=dict)
    events: dict = field(default_factory=dict)
    rejected: int = 0


def undisturbed_run(records, lines, settings, frauds, partitions):
    """Profile the recorded input in its order and count it for its counterparties.

    Args:
        records: Of the users' topic, as Kafka kept them.
        lines: Business lines by name.
        settings: Of the installation.
        frauds: Ids of the events labelled as fraud.
        partitions: Of `enriched-events`.
    """
    found = Undisturbed()
    by_partition = defaultdict(list)
    for record in records:
        by_partition[record.partition].append(source_record(record))
    for partition, of_partition in sorted(by_partition.items()):
        _profile(found, partition, of_partition, lines, settings, partitions)
    _count(found, lines, frauds, partitions)
    return found


def _profile(found, partition, records, lines, settings, partitions):
    state = ProfileState(PAYMENTS, settings.max_entities)
    decoder = Decoder(lines, SystemClock(), settings.max_event_bytes, settings.topic_prefix)
    step = ProfileStep(decoder, state, Metrics(), partition, partitions)
    for start in range(0, len(records), _RUN):
        effects = step.process(records[start : start + _RUN])
        found.rejected += len(effects.rejected)
        for event in (event for one in effects.outgoing for event in decode(one.value)):
            assert event.event_id not in found.events, f"{event.event_id} is no repeat for its own subject"
            found.events[event.event_id] = event
    found.subjects |= {(partition, key): value for key, value in state.drain_changes() if value is not None}


def _count(found, lines, frauds, partitions):
    events = list(found.events.values())
    updates = [
        RiskUpdate(event.event_id, event.line, event.counterparty, event.occurred_at_s, 1.0)
        for event in events
        if event.event_id in frauds
    ]
    placed = defaultdict(list)
    keys = [key_of(one) for one in [*events, *updates]]
    for one, partition in zip([*events, *updates], partitions_of(keys, partitions).tolist(), strict=True):
        placed[partition].append(one)
    for partition, of_partition in placed.items():
        state = CounterpartyState()
        observe(state, _columns(LineTable(lines), of_partition))
        found.counterparties |= {
            (partition, COUNTERPARTY_PREFIX + key): value for key, value in state.drain_changes() if value is not None
        }
