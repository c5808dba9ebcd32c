"""Workers killed, frozen, joined, left and upgraded."""

import time
from typing import ClassVar

from stream.adaptation.adaptation_record import AdaptationRecord
from stream.pipelines import effects
from tests.faults.fault import Fault

_ANSWER_S = 90
_TRIES = 40
_REFUSED_S = 3.0
_IN_FORCE_S = 5.0


def freeze_in_transaction(site, victim, chance):
    """Freeze a worker while a transaction of its own is open; return where it is, nothing if it never was."""
    for _ in range(_TRIES):
        time.sleep(chance.uniform(0.02, 0.2))
        site.freeze(victim)
        if seen := site.watch.lasting():
            return seen
        site.thaw(victim)
    site.freeze(victim)
    return []


class _Kill(Fault):
    """Kill a worker with signal 9: while it restores, in a transaction, or at any instant."""

    victims: ClassVar[tuple[str, ...]] = ()

    def __init__(self):
        self._youngest = None

    def strike(self, site, chance):
        how = chance.choice(["restoring", "transaction", "any"]) if self._youngest else "any"
        victim = self._youngest if how == "restoring" else chance.choice(self.victims)
        if how == "restoring":
            given = ("restoring", "running")
            site.wait_until(lambda: site.phase(victim) in given, _ANSWER_S, f"partitions of {victim}", every_s=0.01)
            time.sleep(chance.choice([0.0, chance.uniform(0.0, 0.5)]))
        else:
            site.all_ready()
            self.lie_in_wait(site, chance)
        phase = site.phase(victim)
        if how == "transaction":
            freeze_in_transaction(site, victim, chance)
            site.frozen.discard(victim)
        site.kill(victim)
        seen = site.watch.lasting()
        site.spawn(victim)
        self._youngest = victim
        return {"killed": victim, "while": phase, "open": seen}

    def lie_in_wait(self, site, chance):
        site.pause(chance.uniform(0.0, 1.5))


class KillScore(_Kill):
    name = "kill-score"
    repeats = 100
    per_round = 20
    victims = ("s0", "s1")


class KillLearn(_Kill):
    """Kill a learner within a second after a label came: it matches, adapts, judges or publishes then."""

    name = "kill-learn"
    repeats = 50
    per_round = 10
    victims = ("l0", "l1")
    workers: ClassVar[dict[str, str]] = {"s0": "score", "l0": "learn", "l1": "learn"}

    def lie_in_wait(self, site, chance):
        before = site.load.labels_sent
        site.wait_until(lambda: site.load.labels_sent > before or site.load.finished, 30, "a label")
        time.sleep(chance.uniform(0.0, 0.8))


class Freeze(Fault):
    """Stop a worker in the midst of a transaction beyond its group's timeout, then wake it."""

    name = "freeze"
    repeats = 20
    per_round = 10
    workers: ClassVar[dict[str, str]] = {"s0": "score", "s1": "score", "l0": "learn", "l1": "learn"}

    def strike(self, site, chance):
        site.all_ready()
        victim = chance.choice(["s0", "s1", "s0", "s1", "l0", "l1"])
        seen = freeze_in_transaction(site, victim, chance)
        before = len(site.own_exits)
        site.pause(site.settings.session_timeout_s + chance.uniform(4.0, 8.0))
        taken_over = site.watch.lasting() == []
        site.thaw(victim)
        # It answers as it last was until its first write is refused.
        site.pause(_REFUSED_S)
        site.wait_until(lambda: len(site.own_exits) > before or site.phase(victim) == "running", _ANSWER_S, "its end")
        ended = [said for name, _, said in site.own_exits[before:] if name == victim]
        return {"frozen": victim, "open": seen, "taken over": taken_over, "then": ended[0] if ended else "joined again"}


class Churn(Fault):
    """Workers join and leave every few seconds, one to four of them."""

    name = "churn"
    repeats = 60
    per_round = 60
    workers: ClassVar[dict[str, str]] = {"a0": "all"}
    every_s = (3.0, 7.0)

    def strike(self, site, chance):
        site.pause(chance.uniform(*self.every_s))
        names = sorted(site.workers)
        joins = len(names) == 1 or (len(names) < 4 and chance.random() < 0.55)
        name = f"a{len(site.ports)}" if joins else chance.choice(names)
        if joins:
            site.spawn(name, "all")
        else:
            site.leave(name)
        return {"joined" if joins else "left": name, "workers": len(site.workers)}


class Upgrade(Fault):
    """Roll another initialisation out, worker by worker."""

    name = "upgrade"
    repeats = 5
    per_round = 5
    one_initialisation = False
    workers: ClassVar[dict[str, str]] = {"a0": "all", "a1": "all"}

    def strike(self, site, chance):
        files = sorted(site.initialisations)
        now = site.environment["FORESHOT_INITIALISATION"]
        site.environment["FORESHOT_INITIALISATION"] = next(one for one in files if one != now)
        for name in self.workers:
            site.pause(chance.uniform(1.0, 4.0))
            site.leave(name)
            site.pause(chance.uniform(0.0, 3.0))
            site.spawn(name)
            site.all_ready()
        site.wait_until(lambda: set(_attempts(site)) == set(site.lines), _ANSWER_S, "lines adapted anew", every_s=1.0)
        # An hour of event time, from which weights hold that no label waits for, passes in a second of the load.
        site.pause(_IN_FORCE_S)
        return {
            "initialisation": site.environment["FORESHOT_INITIALISATION"].rsplit("/", 1)[-1],
            "outcomes": sorted(record.outcome for record in _attempts(site).values()),
        }

    def problems(self, site):
        wanted = _wanted(site)
        last = {event.line: event.initialisation for event in site.scored()}
        # Where the gate refuses what a new initialisation makes of a line, its former weights go on.
        accepted = {line for line, record in _attempts(site).items() if record.outcome == "accepted"}
        if not accepted:
            return ["the gate let no line's weights of the new initialisation through"]
        return [
            f"{line}: scored last with initialisation {one}"
            for line, one in last.items()
            if one != wanted and line in accepted
        ]


def _wanted(site):
    return site.initialisations[site.environment["FORESHOT_INITIALISATION"]]


def _attempts(site):
    """Return each line's last adaptation if the installation's present initialisation made it."""
    told = [record.value for record in site.records(effects.ADAPTATIONS)]
    made = [AdaptationRecord.model_validate_json(value) for value in told if b'"parent_version"' in value]
    last = {record.line: record for record in made}
    return {line: record for line, record in last.items() if record.initialisation == _wanted(site)}
