"""The steps past the ledgers on queues in memory: partitions that run in any order, and are killed at any moment."""

import json
from collections import defaultdict
from collections.abc import Iterable
from random import Random

from stream.clock import FixedClock
from stream.events.decode import SourceRecord
from stream.events.documents_topic import DocumentsTopic
from stream.ledger.claim_record import decode_claim
from stream.ledger.fingerprint import Fingerprints
from stream.ledger.terms import Terms
from stream.metrics import Metrics
from stream.pipelines.claim_document import ClaimStep, FingerprintStep
from stream.pipelines.effects import DOCUMENT_CLAIMS, DOCUMENT_MATCHES, Outgoing
from tests.builders.events import NOON_S
from tests.builders.supply_chain import a_documents_line

TERMS = Terms(retention_days=60, assumed_tenor_days=30, cancellation_days=400, lateness_days=5000)
PRINTS = Fingerprints(b"a key for tests.")
ONWARD = "supply-chain-profiled"


class Installation:
    """Topics of so many partitions; each partition's step has a changelog, and loses what was not committed."""

    def __init__(self, partitions: int, *, tell_financiers: bool = True) -> None:
        self.partitions = partitions
        self.tell_financiers = tell_financiers
        self.queues: dict[tuple[str, int], list[Outgoing]] = defaultdict(list)
        self.changelogs: dict[tuple[str, int], list[tuple[bytes, bytes | None]]] = defaultdict(list)
        self.steps: dict[tuple[str, int], FingerprintStep | ClaimStep] = {}
        self.matches: list[tuple[bytes, dict]] = []
        self.onward: list[Outgoing] = []
        self.rejected = []
        self.hops = 0
        self.metrics = Metrics()

    def produce(self, values: Iterable[bytes], chance: Random) -> None:
        for value in values:
            self.queues["source", chance.randrange(self.partitions)].append(Outgoing("source", None, value))

    def run(self, chance: Random, *, deaths: float = 0.0) -> None:
        while waiting := [where for where, queue in self.queues.items() if queue]:
            self._turn(chance.choice(sorted(waiting)), chance.randrange(1, 5), dies=chance.random() < deaths)

    def in_force(self) -> dict[bytes, dict]:
        """Return the matches reported and not withdrawn, each checked to have been told in turn."""
        force: dict[bytes, dict] = {}
        for key, match in self.matches:
            assert (key in force) is match["withdrawn"]
            if match["withdrawn"]:
                del force[key]
            else:
                force[key] = match
        return force

    def _turn(self, where: tuple[str, int], count: int, *, dies: bool) -> None:
        taken = [self._record(where, one) for one in self.queues[where][:count]]
        step = self._step(where)
        effects = step.process(taken)
        count = len(taken) if effects.taken is None else effects.taken
        changes = [] if step.state is None else step.state.drain_changes()
        if dies:
            del self.steps[where]
            return
        self.changelogs[where] += changes
        del self.queues[where][:count]
        self.rejected += effects.rejected
        for one in effects.outgoing:
            self._write(one)

    def _write(self, one: Outgoing) -> None:
        if one.topic == DOCUMENT_MATCHES:
            self.matches.append((one.key, json.loads(one.value)))
        elif one.topic == DOCUMENT_CLAIMS:
            assert decode_claim(one.value).visits
            self.hops += 1
            self.queues[one.topic, one.partition].append(one)
        else:
            self.onward.append(one)

    def _step(self, where: tuple[str, int]) -> FingerprintStep | ClaimStep:
        if where not in self.steps:
            self.steps[where] = self._made(where)
        return self.steps[where]

    def _made(self, where: tuple[str, int]) -> FingerprintStep | ClaimStep:
        if where[0] == "source":
            clock = FixedClock(NOON_S + 200 * 86_400.0)
            documents = DocumentsTopic([a_documents_line()], clock)
            return FingerprintStep(documents, ONWARD, PRINTS, self.partitions, tell_financiers=self.tell_financiers)
        tell = self.tell_financiers
        step = ClaimStep(where[1], self.partitions, {ONWARD}, TERMS, 10_000, self.metrics, tell_financiers=tell)
        log = self.changelogs[where]
        for at in range(0, len(log), 5):
            step.state.restore(log[at : at + 5])
        return step

    def _record(self, where: tuple[str, int], one: Outgoing) -> SourceRecord:
        return SourceRecord(where[0], where[1], 0, one.key, one.value, 1_700_000_000_000)
