"""What must hold after every fault, reading committed records alone."""

import json
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import orjson

from stream.adaptation.adaptation_record import AdaptationRecord
from stream.adaptation.labelled_example import decode as decode_example
from stream.alerts.alert import Alert
from stream.alerts.budget import AlertBudget
from stream.alerts.deduplicator import AlertDeduplicator
from stream.clock import FixedClock
from stream.events.enriched_event import RiskUpdate
from stream.events.enriched_event import decode as decode_enriched
from stream.events.scored_event import decode as decode_scored
from stream.features.counterparty import CounterpartyState
from stream.features.counterparty_kernel import COUNTERPARTY_ROW
from stream.features.specification import PAYMENTS
from stream.metrics import Metrics
from stream.pipelines import effects
from stream.pipelines.active_versions import ActiveVersions
from stream.pipelines.live_weights import LiveWeights, split_key
from stream.pipelines.raise_alert import RaiseStep
from stream.pipelines.score_event import Scoring, score_events
from stream.scoring.initialisation import load_initialisation
from stream.scoring.line_scorers import scorers_over
from stream.transport.changelog import state_records
from stream.transport.partition_stage import source_record
from stream.transport.topics import PROFILE_STATE, SCORE_STATE
from tests.faults.site import SOURCE
from tests.faults.undisturbed import undisturbed_run

TOLERANCE = 1e-9
SCORE_TOLERANCE = 1e-6
_SHOWN = 5
_SUBJECT_BYTES = PAYMENTS.profiled_width * 4


class Verdict:
    """Problems found, each a sentence, and counts of what was looked at."""

    def __init__(self):
        self.problems = []
        self.counts = {}

    @property
    def holds(self):
        return not self.problems

    def same_counts(self, what, found, expected):
        """Hold two counters against each other."""
        self.counts[what] = sum(found.values())
        missing, extra = expected - found, found - expected
        if missing:
            self.problems.append(f"{what}: {sum(missing.values())} missing, as {list(missing)[:_SHOWN]}")
        if extra:
            self.problems.append(f"{what}: {sum(extra.values())} too many, as {list(extra)[:_SHOWN]}")

    def same(self, what, found, expected, agree):
        """Hold two dictionaries against each other, value by value."""
        self.counts[what] = len(found)
        if found.keys() != expected.keys():
            odd = sorted(found.keys() ^ expected.keys(), key=str)
            self.problems.append(f"{what}: {len(odd)} keys on one side alone, as {odd[:_SHOWN]}")
        differ = [key for key in found.keys() & expected.keys() if not agree(found[key], expected[key])]
        if differ:
            self.problems.append(f"{what}: {len(differ)} differ, as {sorted(differ, key=str)[:_SHOWN]}")


def check(site, history, rows, labelled, *, one_initialisation=True):
    """Return what holds of an installation that was given rows of a history and labels of some of them."""
    verdict = Verdict()
    batch = history.batch
    ids = [batch.event_id[row] for row in rows]
    kinds = {batch.event_id[row]: "fraud" if history.label[row] == 1 else "genuine" for row in labelled}
    frauds = {name for name, kind in kinds.items() if kind == "fraud"}
    partitions = site.settings.partitions
    expected = undisturbed_run(site.records(SOURCE), site.lines, site.settings, frauds, partitions)
    scored = [(record, decode_scored(record.value)) for record in site.records(effects.SCORED_EVENTS)]
    verdict.same_counts("scored events", Counter(event.event_id for _, event in scored), Counter(ids))
    verdict.same(
        "subjects' features as scored",
        {event.event_id: event.features[:_SUBJECT_BYTES] for _, event in scored},
        {name: event.features for name, event in expected.events.items()},
        bytes.__eq__,
    )
    _check_labels(verdict, site, kinds, frauds)
    _check_alerts(verdict, site, scored)
    _check_adaptations(verdict, site)
    if one_initialisation:
        _check_scores(verdict, site, {event.event_id: event for _, event in scored})
    verdict.same("subjects' state", _newest(site, PROFILE_STATE), expected.subjects, bytes.__eq__)
    counterparties = {key: value for key, value in _newest(site, SCORE_STATE).items() if key[1].startswith(b"c")}
    verdict.same("counterparties' state", counterparties, expected.counterparties, _agree)
    verdict.same_counts("dead letters", Counter(record.key for record in site.records("dead-letters")), Counter())
    return verdict


def _check_labels(verdict, site, kinds, frauds):
    examples = [decode_example(record.value) for record in site.records(effects.LABELLED_EXAMPLES)]
    taught = Counter((one.event_id, one.kind) for one in examples if one.kind != "background")
    verdict.same_counts("labels in support", taught, Counter(kinds.items()))
    background = Counter(one.event_id for one in examples if one.kind == "background")
    verdict.same_counts("background", background, Counter(dict.fromkeys(background, 1)))
    enriched = [one for record in site.records(effects.ENRICHED_EVENTS) for one in decode_enriched(record.value)]
    risks = Counter(one.event_id for one in enriched if isinstance(one, RiskUpdate))
    verdict.same_counts("risk updates", risks, Counter(dict.fromkeys(frauds, 1)))


def _check_alerts(verdict, site, scored):
    candidates = site.records(effects.ALERT_CANDIDATES)
    told = Counter(decode_scored(record.value).event_id for record in candidates)
    verdict.same_counts("alert candidates", told, Counter(event.event_id for _, event in scored if event.alerted))
    expected = Counter()
    by_partition = defaultdict(list)
    for record in candidates:
        by_partition[record.partition].append(source_record(record))
    for records in by_partition.values():
        step = RaiseStep(site.lines, AlertDeduplicator(), Metrics())
        for one in step.process(records).outgoing:
            alert = Alert.model_validate_json(one.value)
            expected[alert.alert_id, alert.event_id] += 1
    alerts = [Alert.model_validate_json(record.value) for record in site.records(effects.ALERTS)]
    verdict.same_counts("alerts", Counter((one.alert_id, one.event_id) for one in alerts), expected)


def _check_adaptations(verdict, site):
    written = [orjson.loads(record.value) for record in site.records(effects.ADAPTATIONS)]
    audits = [AdaptationRecord.model_validate(one) for one in written if one["outcome"] != "withheld"]
    tried = Counter((one.line, one.version) for one in audits)
    verdict.same_counts("adaptations", tried, Counter(dict.fromkeys(tried, 1)))
    stored = Counter()
    for record in site.records(effects.LINE_WEIGHTS):
        line, version = split_key(record.key)
        if version is not None and record.value is not None:
            stored[line, version] += 1
    accepted = Counter((one.line, one.version) for one in audits if one.outcome == "accepted")
    # Compaction may have taken versions that were deleted; none may stand there twice or unheard of.
    verdict.same_counts("versions", stored, accepted & Counter(dict.fromkeys(stored, 1)))
    verdict.counts["accepted versions"] = len(accepted)


def _check_scores(verdict, site, scored):
    """Score the recorded enriched events again, partition by partition, in their order."""
    initialisation = load_initialisation(Path(site.environment["FORESHOT_INITIALISATION"]), PAYMENTS)
    scorers = scorers_over(initialisation)
    weights = LiveWeights(scorers, PAYMENTS.hash, Metrics())
    for record in site.records(effects.LINE_WEIGHTS):
        # Versions that were deleted since scored too.
        if record.value is not None:
            weights.take(record.key, record.value)
    by_partition = defaultdict(list)
    for record in site.records(effects.ENRICHED_EVENTS):
        by_partition[record.partition].extend(decode_enriched(record.value))
    again = {}
    for records in by_partition.values():
        scoring = Scoring(
            site.lines, CounterpartyState(), scorers, ActiveVersions(), AlertBudget(), len(by_partition), FixedClock()
        )
        again |= {event.event_id: event for event in score_events(scoring, records)}
    verdict.same("scores made again", scored, again, _same_score)


def _same_score(one, other):
    return (
        abs(one.score - other.score) <= SCORE_TOLERANCE
        and one.weights_version == other.weights_version
        and one.alerted == other.alerted
    )


def _newest(site, topic):
    newest = {}
    for record in site.records(topic):
        newest |= {(record.partition, key): value for key, value in state_records([record])}
    return {key: value for key, value in newest.items() if value is not None}


def _agree(ours, theirs):
    one, other = (np.frombuffer(value, COUNTERPARTY_ROW)[0] for value in (ours, theirs))
    return all(np.allclose(one[name], other[name], rtol=TOLERANCE, atol=TOLERANCE) for name in COUNTERPARTY_ROW.names)


def keep_evidence(site, folder):
    """Write what the topics hold, a line a record, beside the workers' logs."""
    folder.mkdir(parents=True, exist_ok=True)
    for topic in (SOURCE, effects.FRAUD_LABELS, effects.DEAD_LETTERS, *_EVIDENCE):
        with (folder / f"{topic}.jsonl").open("w") as file:
            for record in site.records(topic):
                file.write(json.dumps(_told(topic, record)) + "\n")
    return folder


_EVIDENCE = (
    effects.ENRICHED_EVENTS, effects.SCORED_EVENTS, effects.ALERT_CANDIDATES, effects.ALERTS,
    effects.LABELLED_EXAMPLES, effects.ADAPTATIONS, effects.LINE_WEIGHTS, PROFILE_STATE, SCORE_STATE,
)  # fmt: skip


def _told(topic, record):
    told = {
        "partition": record.partition,
        "offset": record.offset,
        "timestamp_ms": record.timestamp,
        "key": None if record.key is None else record.key.decode(errors="backslashreplace"),
    }
    if topic == effects.ENRICHED_EVENTS:
        told |= {"event_ids": [getattr(one, "event_id", None) for one in decode_enriched(record.value)]}
    elif topic == effects.LABELLED_EXAMPLES:
        one = decode_example(record.value)
        told |= {"event_id": one.event_id, "kind": one.kind}
    elif topic == effects.ALERTS:
        told |= {"alert_id": Alert.model_validate_json(record.value).alert_id}
    return told
