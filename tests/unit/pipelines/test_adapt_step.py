"""Labelled examples in; weights, their activation and their audit out, whatever the cuts."""

from dataclasses import replace

import msgspec
import numpy as np
import pytest

from stream.adaptation.adaptation_record import AdaptationRecord, WithheldRecord
from stream.adaptation.adapter import Adapter
from stream.adaptation.labelled_example import encode
from stream.events.decode import SourceRecord
from stream.events.enriched_event import decode
from stream.features.specification import PAYMENTS
from stream.metrics import Metrics
from stream.pipelines.adapt_line import LineLearner
from stream.pipelines.adapt_step import AdaptStep, KnownWeights
from stream.pipelines.effects import ADAPTATIONS, ENRICHED_EVENTS, LINE_WEIGHTS
from stream.pipelines.live_weights import Activation, activate, split_key
from stream.scoring.initialisation import load_initialisation
from stream.scoring.line_weights import LineWeights
from stream.scoring.signature import Trust, new_signer
from tests.builders.events import a_line
from tests.builders.labelled_examples import NOON_S, an_example, as_bytes

PARTITIONS = 3
WIDTH = len(PAYMENTS.features)
LINE = a_line(
    label_delay="1h", adaptation={"gate_share": 0.0, "drift": False, "keep_versions": 2, "trusted_sources": ["analyst"]}
)


class StandingClock:
    def now_s(self):
        return NOON_S


def examples(frauds=3):
    chance = np.random.default_rng(1)
    made = []
    for at in range(400 + frauds):
        row = chance.normal(0, 1, len(PAYMENTS.features)).astype(np.float32)
        fraud = at >= 400
        made.append(
            an_example(
                f"e{at}",
                "fraud" if fraud else "background",
                features=as_bytes(row + 2 * fraud),
                feature_hash=PAYMENTS.hash,
                occurred_at_s=NOON_S + 60 * at,
                label_produced_at_ms=1_000 + at if fraud else 0,
            )
        )
    return made


def records(found):
    return [SourceRecord("labelled-examples", 0, at, b"cards", encode(one), 0) for at, one in enumerate(found)]


@pytest.fixture(scope="module")
def adapter(small_initialisation):
    return Adapter(load_initialisation(small_initialisation, PAYMENTS))


@pytest.fixture
def known():
    return KnownWeights(PAYMENTS.hash)


@pytest.fixture
def a_step(adapter, known):
    def make():
        learner = LineLearner({"cards": LINE}, adapter, StandingClock())
        return AdaptStep(learner, known, Metrics(), PARTITIONS)

    return make


def worked_off(step, waiting, size):
    """Feed records in runs of a size, the rest of each again, as a runner does."""
    effects = []
    while waiting:
        made = step.process(waiting[:size])
        step.committed()
        effects.append(made)
        waiting = waiting[made.taken :]
    return effects


def told(effects):
    """Return what was written, without how long it took."""
    outgoing = [one for made in effects for one in made.outgoing]
    audits = [AdaptationRecord.model_validate_json(one.value) for one in outgoing if one.topic == ADAPTATIONS]
    return [audit.model_copy(update={"took_s": 0.0}) for audit in audits], [
        one for one in outgoing if one.topic != ADAPTATIONS
    ]


def test_each_set_of_weights_is_written_before_the_next_example_is_looked_at(a_step):
    for made in worked_off(a_step(), records(examples()), 1_000):
        audits, _ = told([made])
        assert len(audits) <= 1


def test_accepted_weights_are_stored_audited_and_put_in_force_on_every_scoring_partition(a_step):
    audits, outgoing = told(worked_off(a_step(), records(examples()), 1_000))
    assert [audit.trigger for audit in audits] == ["background", "frauds", "frauds", "frauds"]
    stored = [
        LineWeights.from_bytes(one.value, PAYMENTS.hash)
        for one in outgoing
        if one.topic == LINE_WEIGHTS and split_key(one.key)[1] is not None and one.value
    ]
    assert [one.manifest.version for one in stored] == [1, 2, 3, 4]
    assert [one.manifest.support_frauds for one in stored] == [0, 1, 2, 3]
    swaps = [
        (swap.version, one.partition) for one in outgoing if one.topic == ENRICHED_EVENTS for swap in decode(one.value)
    ]
    assert swaps == [(version, partition) for version in (1, 2, 3, 4) for partition in range(PARTITIONS)]
    assert [one.key for one in outgoing if one.topic == LINE_WEIGHTS and one.value is None] == [
        b"cards\x001",
        b"cards\x002",
    ]


@pytest.mark.parametrize("size", [1, 7, 401])
def test_what_is_learnt_does_not_depend_on_how_the_runs_are_cut(a_step, size):
    expected = told(worked_off(a_step(), records(examples()), 1_000))
    assert told(worked_off(a_step(), records(examples()), size)) == expected


def test_a_restart_goes_on_where_the_former_learner_stopped(a_step, known):
    waiting = records(examples())
    whole, outgoing = told(worked_off(a_step(), waiting, 1_000))
    cut = 402
    for one in told(worked_off(a_step(), waiting[:cut], 1_000))[1]:
        if one.topic == LINE_WEIGHTS:
            known.take(one.key, one.value)
    restarted = a_step()
    restarted.replay(waiting[:cut])
    audits, rest = told(worked_off(restarted, waiting[cut:], 1_000))
    assert [audit.version for audit in audits] == [one.version for one in whole[-len(audits) :]]
    assert rest == outgoing[-len(rest) :]


def test_a_rollback_by_hand_is_what_the_next_candidate_is_judged_against(a_step, known):
    step, waiting = a_step(), records(examples())
    for one in told(worked_off(step, waiting[:402], 1_000))[1]:
        if one.topic == LINE_WEIGHTS:
            known.take(one.key, one.value)
    pointer = activate("cards", Activation(2, "operator", "test", ""), 0)[0]
    known.take(pointer.key, pointer.value)
    audits, _ = told(worked_off(step, waiting[402:], 1_000))
    assert audits[0].parent_version == 2


def test_rubbish_and_unknown_lines_are_passed_over(a_step):
    unknown = SourceRecord("labelled-examples", 0, 1, b"x", encode(an_example(line="nobody")), 0)
    rubbish = SourceRecord("labelled-examples", 0, 2, b"x", b"\xc1", 0)
    made = a_step().process([unknown, rubbish])
    assert made.taken == 2
    assert [one.record.offset for one in made.rejected] == [2]
    assert not made.outgoing


@pytest.mark.parametrize(
    "features",
    [as_bytes(np.zeros(WIDTH - 1)), b"\0" * 7, *(as_bytes(np.full(WIDTH, bad)) for bad in (np.inf, np.nan, 3e38))],
)  # fmt: skip
def test_features_that_would_spoil_a_lines_scale_are_refused(a_step, features):
    spoilt = an_example("e9", "background", features=features, feature_hash=PAYMENTS.hash)
    made = a_step().process(records([spoilt]))
    assert [(one.reason, one.field) for one in made.rejected] == [("feature_width", "features")]


def test_a_label_with_a_timestamp_before_the_epoch_is_learnt_like_any_other(a_step):
    found = [msgspec.structs.replace(one, label_produced_at_ms=-1) for one in examples()]
    audits, _ = told(worked_off(a_step(), records(found), 1_000))
    assert [audit.trigger for audit in audits] == ["background", "frauds", "frauds", "frauds"]
    assert {audit.newest_label_produced_at_ms for audit in audits} == {0}


def test_what_a_learner_with_a_key_writes_to_line_weights_is_signed_and_nothing_else(adapter, known):
    signer = new_signer()
    step = AdaptStep(LineLearner({"cards": LINE}, adapter, StandingClock()), known, Metrics(), PARTITIONS, signer)
    _, outgoing = told(worked_off(step, records(examples()), 1_000))
    for one in outgoing:
        if one.topic == LINE_WEIGHTS:
            Trust([signer.public]).check_record(one.key, one.value, one.headers)
        else:
            assert one.headers == ()


def two_sources():
    """Background, an analyst's frauds, and after two days a stranger's who is contradicted now and then."""
    found = examples(frauds=12)
    row = as_bytes(np.full(len(PAYMENTS.features), 1.5))
    later = {"features": row, "feature_hash": PAYMENTS.hash, "occurred_at_s": NOON_S + 200_000.0}
    for at in range(8):
        found.append(an_example(f"n{at}", "fraud", source="portal", **later))
        if at % 2:
            found.append(an_example(f"n{at}", "genuine", labelled_at_s=NOON_S + 300_000.0, **later))
    return found


def audited(effects):
    outgoing = [one for made in effects for one in made.outgoing if one.topic == ADAPTATIONS]
    return [WithheldRecord.model_validate_json(one.value) for one in outgoing if b'"outcome":"withheld"' in one.value]


def judged_only(effects):
    return [replace(made, outgoing=[one for one in made.outgoing if b'"withheld","source"' not in (one.value or b"")])
            for made in effects]  # fmt: skip


def test_labels_that_do_not_teach_are_audited_with_source_and_reason_counted_and_told_with_adaptations(adapter, known):
    metrics = Metrics()
    step = AdaptStep(LineLearner({"cards": LINE}, adapter, StandingClock()), known, metrics, PARTITIONS)
    effects = worked_off(step, records(two_sources()), 1_000)
    told_of = [(one.source, one.reason, one.count) for one in audited(effects)]
    assert told_of == [("portal", "new_source", at) for at in (1, 2, 4)] + [
        ("portal", "distrusted", at) for at in (1, 2)
    ]

    def counted(reason):
        return metrics.registry.get_sample_value("foreshot_labels_withheld_total", {"line": "cards", "reason": reason})

    assert (counted("new_source"), counted("distrusted"), counted("rate_limit")) == (5, 2, None)
    standing = {"line": "cards", "standing": "distrusted"}
    assert metrics.registry.get_sample_value("foreshot_label_sources", standing) == 1


@pytest.mark.parametrize("cut", [413, 416, 419, 422])
def test_a_restart_believes_whom_the_former_learner_believed(a_step, known, cut):
    waiting = records(two_sources())
    whole = worked_off(a_step(), waiting, 1)
    for one in told(judged_only(worked_off(a_step(), waiting[:cut], 1)))[1]:
        if one.topic == LINE_WEIGHTS:
            known.take(one.key, one.value)
    restarted = a_step()
    restarted.replay(waiting[:cut])
    rest = worked_off(restarted, waiting[cut:], 1)
    assert audited(rest) == audited(whole[cut:])
    assert told(judged_only(rest)) == told(judged_only(whole[cut:]))
