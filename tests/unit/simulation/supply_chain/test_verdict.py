from itertools import groupby

import pytest

from stream.events.fraud_label import FraudLabel
from stream.simulation.supply_chain.line_profile import KINDS
from stream.simulation.supply_chain.simulate import simulate_supply_chain
from stream.simulation.supply_chain.verdict import judge
from tests.builders.economy import a_mixed_line

DAY_S = 86_400.0


@pytest.fixture(scope="module")
def simulated():
    return simulate_supply_chain([a_mixed_line(kind, 12) for kind in KINDS], 365, 2)


@pytest.fixture(scope="module")
def truth(simulated):
    return judge(simulated, 2)


def test_a_fraud_is_known_after_thirty_to_a_hundred_and_eighty_days(truth):
    delays = [(one.label_at_s - one.occurred_at_s) / DAY_S for one in truth.verdicts if one.is_fraud]
    assert min(delays) > 29.9
    assert max(delays) < 180.1
    assert max(delays) - min(delays) > 90


def test_losses_are_parts_of_amounts_and_decoys_lose_nothing(simulated, truth):
    amounts = {one["event_id"]: one.get("amount_minor") for one in simulated.documents}
    shares = [one.loss_minor / amounts[one.event_id] for one in truth.verdicts if one.is_fraud]
    assert 0 == min(shares) < max(shares) <= 1
    assert 0.4 < sum(shares) / len(shares) < 0.7
    assert {one.loss_minor for one in truth.verdicts if not one.is_fraud} == {0}


def test_labels_of_frauds_tell_what_was_lost_in_part_or_nothing(truth):
    losses = {one.event_id: one.loss_minor for one in truth.verdicts}
    told = [one for one in truth.labels if "loss_minor" in one]
    assert told
    for one in told:
        assert one["label"] == "fraud"
        assert not one["reverses"]
        assert one["loss_minor"] == losses[one["event_id"]] > 0


def test_labels_are_read_by_the_stream_and_some_are_reversed(truth):
    labels = [FraudLabel.model_validate(one) for one in truth.labels]
    assert [one.labelled_at for one in labels] == sorted(one.labelled_at for one in labels)
    frauds = {one.event_id for one in truth.verdicts if one.is_fraud}
    reversed_ids = {one.event_id for one in labels if one.reverses}
    assert reversed_ids & frauds
    assert reversed_ids - frauds


def test_in_the_end_every_fraud_is_labelled_so_and_no_decoy_is(truth):
    frauds = {one.event_id for one in truth.verdicts if one.is_fraud}
    ordered = sorted(truth.labels, key=lambda one: (one["event_id"], one["labelled_at"]))
    last = {event_id: list(found)[-1] for event_id, found in groupby(ordered, lambda one: one["event_id"])}
    standing = {one for one, label in last.items() if label["label"] == "fraud" and not label["reverses"]}
    assert standing == frauds


def test_verdicts_are_of_all_events_that_show_a_fraud_or_a_decoy(simulated, truth):
    shown = [
        one["event_id"] for one, origin in zip(simulated.documents, simulated.origins, strict=True) if origin.is_act
    ]
    assert [one.event_id for one in truth.verdicts] == shown
    assert judge(simulated, 2) == truth
