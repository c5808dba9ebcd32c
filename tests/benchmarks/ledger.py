"""Measures the ledger: recall and precision of each kind of double financing, time and memory of a document.

python -m tests.benchmarks.ledger --documents 1000000 --out out/ledger
"""

import argparse
import gc
import json
import platform
import time
from collections import Counter, defaultdict
from hashlib import blake2b
from itertools import islice
from pathlib import Path

from stream.ledger.fingerprint import Fingerprints, event_of
from stream.ledger.ledger import Change, Ledger
from stream.ledger.rows import Route
from stream.ledger.rules import Rule
from stream.ledger.terms import Terms
from tests.benchmarks.ledger_world import EDITS, Simulated, World

_BLOCK = 2_000


def event_id(row):
    return event_of(b"".join(int(row[name][0]).to_bytes(8, "big") for name in ("event0", "event1", "event2")))


class Tally:
    """What was reported, against what is true."""

    def __init__(self) -> None:
        self.origin: dict[str, int] = {}
        self.kind: dict[str, str] = {}
        self.true, self.false = Counter(), Counter()
        self.false_of: dict[str, Counter[str]] = defaultdict(Counter)
        self.pairs: set[tuple[str, str]] = set()
        self.reported_twice = 0
        self.found: set[str] = set()
        self.examples: list[tuple[str, str, str]] = []

    def meet(self, one: Simulated) -> None:
        self.origin[one.claim.event_id] = one.origin
        if one.claim.event_id not in self.kind or not one.kind.startswith("legal"):
            self.kind.setdefault(one.claim.event_id, one.kind)

    def take(self, change: Change) -> None:
        pair = event_id(change.earlier), event_id(change.later)
        self.reported_twice += pair in self.pairs
        self.pairs.add(pair)
        kinds = self.kind[pair[0]], self.kind[pair[1]]
        same = self.origin[pair[0]] == self.origin[pair[1]]
        if same and any(kind in EDITS for kind in kinds):
            self.true[change.rule] += 1
            self.found.update(event for event, kind in zip(pair, kinds, strict=True) if kind in EDITS)
        else:
            self.false[change.rule] += 1
            self.false_of[change.rule.name].update([" / ".join(kinds)])


def run(documents: int, edits: int, seed: int) -> dict[str, object]:
    world = World(seed, max(documents // 30, 100))
    prints = Fingerprints(b"a key of the benchmark's own")
    ledgers = {route: Ledger(route, Terms()) for route in Route}
    tally, spent_s, taken = Tally(), [0.0, 0.0], 0
    stream = world.documents(documents, edits)
    gc.disable()  # looking through the benchmark's own millions of objects would be counted
    while block := list(islice(stream, _BLOCK)):
        for one in block:
            tally.meet(one)
        began_s = time.process_time()
        made = prints.of([one.claim for one in block])
        middle_s = time.process_time()
        changes = [change for route, ledger in ledgers.items() for change in ledger.take(made[route])]
        drained = [ledger.drain_changes() for ledger in ledgers.values()]
        ended_s = time.process_time()
        del drained
        if taken >= _BLOCK:  # the first compiles
            spent_s[0] += middle_s - began_s
            spent_s[1] += ended_s - middle_s
        taken += len(block)
        for change in changes:
            tally.take(change)
    return _figures(tally, ledgers, spent_s, taken, edits)


def _figures(tally, ledgers, spent_s, taken, edits):
    told = Counter(kind for kind in tally.kind.values() if kind in EDITS)
    found = Counter(tally.kind[event] for event in tally.found)
    near = [rule for rule in Rule if rule is not Rule.EXACT]
    true, false = sum(tally.true[rule] for rule in near), sum(tally.false[rule] for rule in near)
    return {
        "documents": taken,
        "remembered": {route.name.lower(): len(ledger) for route, ledger in ledgers.items()},
        "edits_of_each_kind": edits,
        "recall": {kind: found[kind] / told[kind] for kind in EDITS},
        "reports": {rule.name.lower(): {"true": tally.true[rule], "false": tally.false[rule]} for rule in Rule},
        "false_by_kinds": {name: dict(kinds) for name, kinds in tally.false_of.items()},
        "near_precision": true / max(true + false, 1),
        "reported_twice": tally.reported_twice,
        "us_a_document": {
            "fingerprint": 1e6 * spent_s[0] / (taken - _BLOCK),
            "ledger": 1e6 * spent_s[1] / (taken - _BLOCK),
            "both": 1e6 * sum(spent_s) / (taken - _BLOCK),
        },
        "bytes_a_document": sum(ledger.size_bytes() for ledger in ledgers.values()) / len(ledgers[Route.PAIR]),
        "us_of_one_keyed_hash": _hash_us(),
        "machine": f"{platform.machine()}, Python {platform.python_version()}, process time of one thread",
    }


def _hash_us():
    """Return what BLAKE2b takes now, to compare machines and how busy they are."""
    keyed = blake2b(key=b"k" * 16, digest_size=8)
    began_s = time.process_time()
    for _ in range(100_000):
        hashed = keyed.copy()
        hashed.update(b"INV20240112")
        hashed.digest()
    return 10 * (time.process_time() - began_s)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--edits", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("out/ledger"))
    given = parser.parse_args()
    figures = run(given.documents, given.edits, given.seed)
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "ledger.json").write_text(json.dumps(figures, indent=2))
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
