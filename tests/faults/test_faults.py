"""The fault harness in its short form: the cheapest faults, once or twice each. `make faults` is the long one."""

from collections import Counter
from types import SimpleNamespace

import pytest

from tests.builders.small_world import LINES
from tests.faults.campaign import Results, World, run_fault
from tests.faults.checks import Verdict
from tests.faults.disorder import Disorder
from tests.faults.fault import Fault
from tests.faults.stall_faults import Stall
from tests.faults.worker_faults import Freeze, KillLearn, KillScore


class Mixed(Fault):
    """Kill a scorer twice, a learner once, and freeze a worker, all in one installation."""

    name = "mixed"
    repeats = per_round = 4
    events_per_s = 80

    def __init__(self):
        score, learn = KillScore(), KillLearn()
        learn.victims = ("l0",)
        self._parts = [score, learn, Freeze(), score]

    def strike(self, site, chance):
        site.turn += 1
        return self._parts[site.turn - 1].strike(site, chance)


class ShortStall(Stall):
    repeats = per_round = 1
    kinds = ("adaptation",)
    settings = {"stall_seconds": 4}  # noqa: RUF012 - as in Fault


class ShortDisorder(Disorder):
    events = 20_000


@pytest.fixture
def short_world(broker, small_lines, small_history, small_initialisation, tmp_path):
    running = SimpleNamespace(bootstrap_servers=broker)
    return World(LINES, small_lines, small_history, {str(small_initialisation): ""}, tmp_path, lambda _: running)


@pytest.mark.broker
@pytest.mark.timeout(280)
@pytest.mark.parametrize("fault", [Mixed, ShortStall, ShortDisorder], ids=lambda one: one.name)
def test_nothing_is_lost_repeated_or_otherwise_than_undisturbed_after(fault, short_world, tmp_path):
    results = Results(tmp_path / "faults.json")
    run_fault(fault(), short_world, fault.repeats, 1, results)
    (found,) = results.rounds(fault.name)
    assert found["problems"] == []
    assert found["counts"]["scored events"] > 0


def test_a_verdict_tells_what_is_missing_doubled_or_different():
    verdict = Verdict()
    verdict.same_counts("events", Counter(a=2, b=1), Counter(a=1, c=1))
    verdict.same("states", {"a": 1, "b": 2}, {"a": 1, "b": 3, "c": 4}, int.__eq__)
    assert verdict.problems == [
        "events: 1 missing, as ['c']",
        "events: 2 too many, as ['a', 'b']",
        "states: 1 keys on one side alone, as ['c']",
        "states: 1 differ, as ['b']",
    ]


def test_results_that_were_kept_are_gone_on_from(tmp_path):
    first = Results(tmp_path / "faults.json")
    first.add("kill", {"strikes": [{}, {}], "problems": [], "counts": {"scored events": 3}, "own_exits": []})
    again = Results(tmp_path / "faults.json")
    assert again.count("kill") == 2
    assert again.failed(["kill"]) == []
