"""Runs a fault's rounds: an installation, its load, the strikes, the check; and keeps what was found."""

import json
import random
import shutil
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.checks import check, keep_evidence
from tests.faults.load import Load
from tests.faults.site import OpenTransactions, Site

_WORKED_OFF_S = 1_800


@dataclass
class World:
    """What all rounds share: lines, a history long enough, initialisations, a folder, a broker when it runs."""

    lines_file: Path
    lines: dict
    history: object
    initialisations: dict
    folder: Path
    make_broker: object
    say: object = print
    _brokers: dict = field(default_factory=dict)

    def broker(self, count):
        """Return a running cluster of so many brokers; a round leaves it as it found it."""
        if count not in self._brokers:
            self._brokers[count] = self.make_broker(count)
        return self._brokers[count]

    def close(self):
        for one in self._brokers.values():
            one.stop()


def run_fault(fault, world, repeats, seed, results):
    """Make the strikes that are still missing, round by round; `results` is a `Results`."""
    while (done := results.count(fault.name)) < repeats:
        number = len(results.rounds(fault.name))
        chance = random.Random(f"{seed}/{fault.name}/{number}")
        strikes = min(fault.per_round, repeats - done)
        results.add(fault.name, _round(fault, world, chance, strikes, done, repeats))


def _round(fault, world, chance, strikes, done, repeats):
    began_s = time.monotonic()
    name = f"{fault.name}-{uuid.uuid4().hex[:6]}"
    site = _site(fault, world, name, done)
    history = fault.history(world)
    told, problems = [], []
    verdict = None
    try:
        fault.set_up(site)
        fault.begin(site, chance)
        site.watch = OpenTransactions(site.broker, site.prefix)
        site.load = Load(
            site, history, chance.random(), events_per_s=fault.events_per_s, labelled=fault.labelled
        ).start()
        told.extend(
            _strike(fault, site, chance, world, f"{fault.name} {done + at + 1}/{repeats}") for at in range(strikes)
        )
        rows, labelled = site.load.stop()
        fault.end(site)
        site.work_off(_WORKED_OFF_S)
        site.stop()
        verdict = check(site, history, rows, labelled, one_initialisation=fault.one_initialisation)
        problems += verdict.problems + fault.problems(site)
    except AssertionError as error:
        problems.append(str(error)[:2_000])
    finally:
        if site.load is not None:
            site.load.abandon()
        site.stop()
        if site.watch is not None:
            site.watch.close()
    counts = verdict.counts if verdict else {}
    found = {
        "round": name, "strikes": told, "problems": problems, "counts": counts, "own_exits": site.own_exits,
        "seconds": round(time.monotonic() - began_s, 1),
    }  # fmt: skip
    if problems:
        found["evidence"] = str(keep_evidence(site, world.folder / "failed" / name))
        shutil.copytree(site.folder, world.folder / "failed" / name / "workers", ignore=_no_stores)
    _say_round(world, found)
    return found


def _no_stores(_folder, names):
    return [name for name in names if not name.endswith(".log")]


def _site(fault, world, name, done):
    broker = world.broker(fault.brokers)
    site = Site(
        broker.bootstrap_servers, f"{name}-", world.lines_file, next(iter(world.initialisations)),
        world.folder / "work" / name, lines=world.lines, replication=min(fault.brokers, 3), **fault.settings,
    )  # fmt: skip
    site.brokers = broker
    site.initialisations = world.initialisations
    site.turn = done
    return site


def _strike(fault, site, chance, world, label):
    began_s = time.monotonic()
    told = fault.strike(site, chance)
    told["sent"], told["seconds"] = site.load.sent, round(time.monotonic() - began_s, 1)
    world.say(f"{label}: " + ", ".join(f"{key} {_short(value)}" for key, value in told.items()))
    return told


def _short(value):
    if isinstance(value, list):
        return " ".join(value) or "nothing"
    return str(value)[:160]


def _say_round(world, found):
    counts = ", ".join(f"{value} {key}" for key, value in found["counts"].items())
    world.say(f"{found['round']}: {'BROKEN' if found['problems'] else 'holds'} in {found['seconds']} s; {counts}")
    for problem in found["problems"]:
        world.say(f"  {problem}")
    for name, code, said in found["own_exits"]:
        world.say(f"  {name} ended by itself with {code}: {said[:300]}")
    if "evidence" in found:
        world.say(f"  logs and topics' contents: {found['evidence']}")


class Results:
    """The rounds of every fault, kept in a file after each: a run that was cut off goes on."""

    def __init__(self, file):
        self._file = file
        self._found = json.loads(file.read_text()) if file.exists() else {}

    def rounds(self, name):
        return self._found.setdefault(name, [])

    def count(self, name):
        return sum(len(one["strikes"]) or 1 for one in self.rounds(name))

    def add(self, name, found):
        self.rounds(name).append(found)
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(json.dumps(self._found, indent=1) + "\n")

    def failed(self, names):
        return [one for name in names for one in self.rounds(name) if one["problems"]]

    def table(self, names):
        rows = [f"{'fault':24} {'repeats':>7} {'rounds':>6} {'broken':>6} {'events':>9} {'own exits':>9}"]
        for name in names:
            rounds = self.rounds(name)
            events = sum(one["counts"].get("scored events", 0) for one in rounds)
            rows.append(
                f"{name:24} {self.count(name):7} {len(rounds):6} {sum(bool(one['problems']) for one in rounds):6} "
                f"{events:9} {sum(len(one['own_exits']) for one in rounds):9}"
            )
        return "\n".join(rows)
