"""Brokers that go away, freeze and come back."""

from typing import ClassVar

from tests.faults.fault import Fault

_BACK_S = 240


class BrokerAway(Fault):
    """The only broker is killed and comes back a minute later: before workers start, and while they run."""

    name = "broker-away"
    repeats = 2
    per_round = 2
    away_s = 60.0

    def strike(self, site, chance):
        site.all_ready()
        kind = ("in mid-run", "at start")[site.turn % 2]
        site.turn += 1
        site.pause(chance.uniform(2.0, 4.0))
        before = len(site.own_exits)
        if kind == "at start":
            for name in self.workers:
                site.kill(name)
        site.brokers.kill(0)
        if kind == "at start":
            for name in self.workers:
                site.spawn(name)
        ready_while_away = []
        site.wait_until(lambda: ready_while_away.append(_ready(site)), self.away_s, strict=False)
        site.brokers.start_again(0)
        site.wait_until(lambda: _ready(site) == len(self.workers), _BACK_S, "workers ready again")
        said = sorted({said for _, _, said in site.own_exits[before:]})
        return {
            "away": kind, "ready at its end": ready_while_away[-1], "own exits": len(site.own_exits) - before,
            "said": said[:1],
        }  # fmt: skip


def _ready(site):
    return sum(site.phase(name) == "running" for name in site.workers)


class ThreeBrokers(Fault):
    """One of three brokers at a time is killed, stopped, or frozen; the controllers' leader in turn too."""

    name = "three-brokers"
    repeats = 30
    per_round = 10
    brokers = 3
    workers: ClassVar[dict[str, str]] = {"a0": "all", "a1": "all"}
    gone_s = (3.0, 14.0)

    def strike(self, site, chance):
        cluster = site.brokers
        site.wait_until(cluster.is_whole, _BACK_S, "all replicas in sync")
        site.all_ready(_BACK_S)
        leads = site.turn % 3 == 0
        at = cluster.controller() if leads else chance.randrange(self.brokers)
        how = chance.choice(["kill", "freeze"])
        site.turn += 1
        before = len(site.own_exits)
        if how == "kill":
            cluster.kill(at)
        else:
            cluster.freeze(at)
        site.pause(chance.uniform(*self.gone_s))
        if how == "kill":
            cluster.start_again(at)
        else:
            cluster.thaw(at)
        site.wait_until(cluster.is_whole, _BACK_S, "all replicas in sync")
        return {"broker": at, "how": how, "controller": leads, "own exits": len(site.own_exits) - before}

    def end(self, site):
        site.wait_until(site.brokers.is_whole, _BACK_S, "all replicas in sync")
        site.all_ready(_BACK_S)
