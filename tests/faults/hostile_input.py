"""Hostile events, labels and inner records through the code that the workers run, in batches mixed with good ones.

No record may end a step; each must end in `dead-letters` or be a valid one; good events of the same batch must get the
scores that they get alone; memory, dead letters and logs stay within bounds. `make hostile` runs 100,000, and 20,000
documents.
"""

import argparse
import io
import json
import logging
import random
import re
import resource
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

import msgspec

from stream.events.enriched_event import decode as decode_enriched
from stream.events.pseudonym import Pseudonyms
from stream.events.scored_event import ScoredEvent
from stream.events.scored_event import decode as decode_scored
from stream.logs import PrivateFormatter
from stream.pipelines import effects
from tests.faults.hostile_corpus import Hostile, drawn, hostile
from tests.faults.hostile_documents import documents, warm_worker
from tests.faults.hostile_found import FORBIDDEN, Found
from tests.faults.hostile_inner import inner
from tests.faults.hostile_worker import LABELS, Worker, a_label, an_event, records_of, run_step

MOST_GROWN_MB = 512
# The tables of claims and trade of two workers take up to 350 MB each as documents touch them, and no more after that.
MOST_GROWN_WITH_DOCUMENTS_MB = 1_100
BATCH, GOOD_SHARE = 512, 8
_LOG_LINE = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (WARNING|ERROR) ")


def score_all(
    worker: Worker, found: Found, values: list[bytes | None], first: int
) -> tuple[list[ScoredEvent], set[int]]:
    """Profile and score one micro-batch of a line's topic; return what was scored and the offsets that were refused."""
    sources = records_of("payments", values, first)
    made, seconds = run_step(worker.profile, sources)
    rekeyed, _ = run_step(worker.rekey, sources)
    enriched = records_of(effects.ENRICHED_EVENTS, [one.value for one in made.outgoing])
    scored, more = run_step(worker.score, enriched)
    found.letters(chain(made.rejected, scored.rejected))
    found.seconds["events"] += seconds + more
    found.timed["events"] += len(values)
    refused = {one.record.offset for one in made.rejected}
    went_on = sum(len(decode_enriched(one.value)) for one in made.outgoing)
    if len(refused) != len(made.rejected) or went_on + len(refused) > len(values) or scored.rejected:
        found.wrong.append(f"{len(values)} events gave {went_on} and {len(made.rejected)} refusals")
    if len(rekeyed.outgoing) + len(refused) != len(values):
        found.wrong.append(
            f"keyed anew, {len(rekeyed.outgoing)} of {len(values)} went on and {len(refused)} were refused"
        )
    events = [one for one in scored.outgoing if one.topic == effects.SCORED_EVENTS]
    return [decode_scored(one.value) for one in events], refused


def events(worker: Worker, found: Found, source: Iterator[Hostile], seed: int) -> dict[str, tuple[float, float]]:
    """Run hostile events in batches with good ones; return the good ones' scores."""
    chance, scores, at, batches = random.Random(seed), {}, 0, 0
    while batch := list(islice(source, BATCH - BATCH // GOOD_SHARE)):
        good = [an_event(number, "good") for number in range(at, at + BATCH // GOOD_SHARE)]
        at += len(good)
        mixed: list[Hostile | dict[str, Any]] = [*batch, *good]
        order = _good_in_order(chance, mixed)
        values = [one.value if isinstance(one, Hostile) else msgspec.json.encode(one) for one in order]
        scored, refused = score_all(worker, found, values, batches * BATCH)
        batches += 1
        by_name = {one.event_id: one for one in scored}
        scores |= {name: (one.score, one.anomaly) for name, one in by_name.items() if name.startswith("good-")}
        for offset, one in enumerate(order, (batches - 1) * BATCH):
            if isinstance(one, Hostile):
                found.book(one, dead=offset in refused)
            elif offset in refused or one["id"] not in by_name:
                found.wrong.append(f"a good event was not scored: {one}")
        for one in scored:
            if not (0 <= one.score <= 1 and 0 <= one.anomaly <= 1):
                found.wrong.append(f"scored {one.score}: {one.event_id!r}")
    found.good += at
    return scores


def _good_in_order(chance: random.Random, mixed: list[Any]) -> list[Any]:
    """Shuffle, but for the order of the good ones among themselves."""
    places = list(range(len(mixed)))
    chance.shuffle(places)
    hostile_ones = [one for one in mixed if isinstance(one, Hostile)]
    good = iter([one for one in mixed if not isinstance(one, Hostile)])
    bad = iter(hostile_ones)
    return [next(bad) if place < len(hostile_ones) else next(good) for place in places]


def alone(count: int) -> dict[str, tuple[float, float]]:
    """Return the scores of the good events with nothing else in their batches."""
    worker, scores = Worker(), {}
    for first in range(0, count, BATCH):
        values = [msgspec.json.encode(an_event(at, "good")) for at in range(first, min(first + BATCH, count))]
        scored, _ = score_all(worker, Found(), values, first)
        scores |= {one.event_id: (one.score, one.anomaly) for one in scored}
    return scores


def labels(worker: Worker, found: Found, source: Iterator[Hostile]) -> None:
    """Run hostile labels in batches with good ones of events that were scored."""
    at = 0
    while batch := list(islice(source, BATCH - 1)):
        values = [*(one.value for one in batch), msgspec.json.encode(a_label(at, "good"))]
        made, seconds = run_step(worker.match, records_of(LABELS, values, at))
        found.letters(made.rejected)
        found.seconds["labels"] += seconds
        found.timed["labels"] += len(values)
        refused = {one.record.offset for one in made.rejected}
        for offset, one in enumerate(batch, at):
            found.book(one, dead=offset in refused)
        if at + len(batch) in refused:
            found.wrong.append("a good label was refused")
        at += len(values)


def run(count: int, seed: int, by_hypothesis: int, huge_every: int) -> dict[str, Any]:
    """Run `count` hostile records and return the figures; `wrong` must be empty."""
    heard = io.StringIO()
    handler = logging.StreamHandler(heard)
    handler.setFormatter(PrivateFormatter(Pseudonyms.of_this_process()))
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        return _run(count, seed, by_hypothesis, huge_every, heard)
    finally:
        root.removeHandler(handler)


def _run(count: int, seed: int, by_hypothesis: int, huge_every: int, heard: io.StringIO) -> dict[str, Any]:
    found, worker, chance = Found(), Worker(), random.Random(seed)
    n_labels, n_inner = count * 15 // 100, count * 15 // 100
    n_events = count - n_labels - n_inner
    expected = alone(n_events // (BATCH - BATCH // GOOD_SHARE) * (BATCH // GOOD_SHARE) + BATCH)
    of_trade = warm_worker(), warm_worker()
    before_mb = peak_mb()
    fields = ["id", "time", "card", "shop", "amount", "product", "lat", "lon", "text", "town"]
    half = by_hypothesis // 2
    source = chain(
        drawn(fields, by_hypothesis - half, seed),
        hostile(chance, n_events - by_hypothesis + half, an_event, huge_every),
    )
    mixed = events(worker, found, iter(source), seed)
    of_payments = found.good
    fields = ["event_id", "line", "label", "source", "labelled_at", "reverses", "schema_version"]
    labels(
        worker, found, iter(chain(drawn(fields, half, seed + 1), hostile(chance, n_labels - half, a_label, huge_every)))
    )
    inner(worker, found, n_inner, seed + 2)
    grown_mb = peak_mb() - before_mb
    of_documents = documents(found, *of_trade, count // 5, seed + 3)
    differ = sum(expected[name] != scores for name, scores in mixed.items())
    if differ or len(mixed) != of_payments:
        found.wrong.append(
            f"of {of_payments} good events {len(mixed)} were scored, {differ} of them otherwise than alone"
        )
    lines = heard.getvalue().splitlines()
    bad = [line for line in lines if FORBIDDEN.search(line) or not _LOG_LINE.match(line)]
    found.wrong += [f"logged: {line[:300]!r}" for line in bad]
    with_documents_mb = peak_mb() - before_mb
    if grown_mb > MOST_GROWN_MB or with_documents_mb > MOST_GROWN_WITH_DOCUMENTS_MB:
        found.wrong.append(f"memory grew by {grown_mb:.0f} MB, with documents by {with_documents_mb:.0f} MB")
    return {
        "hostile": sum(found.records.values()),
        "dead_lettered_or_refused": sum(found.dead.values()),
        "valid_and_taken": sum(found.taken.values()),
        "good_events_scored_as_alone": len(mixed) - differ,
        "good_documents_scored_as_alone": of_documents,
        "us_per_record": {name: round(1e6 * seconds / found.timed[name], 1) for name, seconds in found.seconds.items()},
        "peak_rss_mb": round(peak_mb()),
        "grown_mb": round(grown_mb),
        "grown_with_documents_mb": round(with_documents_mb),
        "largest_dead_letter_bytes": found.largest_letter,
        "log_lines": len(lines),
        "kinds": {kind: [number, found.dead[kind]] for kind, number in sorted(found.records.items())},
        "reasons": dict(found.reasons.most_common()),
        "wrong": found.wrong,
    }


def peak_mb() -> float:
    """Return the most memory that this process ever held, megabytes of 10**6."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1_024 / 1e6


def main() -> None:
    """Run, say and keep the figures; end with 1 where anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    figures = run(given.count, given.seed, by_hypothesis=given.count // 20, huge_every=200)
    if given.out is not None:
        given.out.mkdir(parents=True, exist_ok=True)
        (given.out / "hostile_input.json").write_text(json.dumps(figures, indent=2))
    print(json.dumps(figures, indent=2))
    raise SystemExit(1 if figures["wrong"] else 0)


if __name__ == "__main__":
    main()
