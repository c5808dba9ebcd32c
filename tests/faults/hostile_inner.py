"""Broken records of the inner topics, through the steps that read them."""

import random
import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import msgspec
import numpy as np

from stream.adaptation.labelled_example import LabelledExample
from stream.events.scored_event import ScoredEvent
from stream.events.scored_event import decode as decode_scored
from stream.features.specification import PAYMENTS
from stream.pipelines import effects
from stream.pipelines.live_weights import publish
from tests.builders.events import NOON_S
from tests.builders.weights import weights_of_the_specification
from tests.faults.hostile_corpus import Hostile
from tests.faults.hostile_found import Found
from tests.faults.hostile_worker import Worker, an_event, records_of, run_step

BATCH = 512


DEEP = (b"\x91", b"\x81\xa1a", b"[", b'{"a":', b"\xdd\xff\xff\xff\xff")
EMPTY = (None, b"", b"\0", b"\x90", b"{}", b"[]", b"\xc1", b"\xff" * 9)
FORGED_NAME = "x\n2026-01-01 00:00:00,000 CRITICAL stream: forged\x1b[2J"
ODD = (
    *(float("nan"), float("inf"), -1e300, 2**63, -1, "", "x" * 70_000, FORGED_NAME, None, [], b"", b"\0" * 7),
    np.full(len(PAYMENTS.features), np.inf, "<f4").tobytes(),
    np.full(len(PAYMENTS.features), 3e38, "<f4").tobytes(),
)


def _flipped(chance: random.Random, value: bytes) -> Hostile:
    changed = bytearray(value)
    for _ in range(chance.randrange(1, 4)):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return Hostile(bytes(changed), "inner: broken bytes", dead=False)


def _head(chance: random.Random, value: bytes) -> bytes:
    return value[: chance.randrange(len(value))]


_BREAKING: tuple[Callable[[random.Random, bytes], Hostile], ...] = (
    lambda chance, _: Hostile(chance.choice(EMPTY), "inner: empty"),
    lambda chance, value: Hostile(_head(chance, value), "inner: cut"),
    lambda chance, value: Hostile(_head(chance, value) + chance.choice(DEEP) * 50_000, "inner: nested"),
    lambda chance, _: Hostile(chance.randbytes(chance.randrange(200)), "inner: noise"),
    _flipped,
    lambda _, value: Hostile(value.replace(b"h-", b"\xff\xfe", 1), "inner: invalid UTF-8"),
    lambda _, value: Hostile(value + value, "inner: twice"),
)


def _with_odd_value(chance: random.Random, fields: Any, encode: Any) -> Hostile | None:
    names = list(fields) if isinstance(fields, dict) else list(range(1, len(fields)))
    changed = dict(fields) if isinstance(fields, dict) else list(fields)
    one = chance.choice(names)
    if isinstance(changed[one], list) and changed[one] and isinstance(changed[one][0], list):
        # Something within one of the events that travel together.
        changed[one] = [list(inner) for inner in changed[one]]
        inner = chance.choice(changed[one])
        inner[chance.randrange(len(inner))] = chance.choice(ODD)
    else:
        changed[one] = chance.choice(ODD)
    try:
        return Hostile(encode(changed), "inner: odd values", dead=False)
    except (TypeError, ValueError, OverflowError):
        return None


def _broken(chance: random.Random, valid: list[Any], encode: Any, encode_plain: Any) -> Iterator[Hostile]:
    """Yield broken forms of an inner topic's records without end."""
    made = [encode(one) for one in valid]
    plain = [msgspec.to_builtins(one, builtin_types=(bytes,)) for one in valid]
    while True:
        yield chance.choice(_BREAKING)(chance, chance.choice(made))
        if (odd := _with_odd_value(chance, chance.choice(plain), encode_plain)) is not None:
            yield odd


def inner(worker: Worker, found: Found, count: int, seed: int) -> None:
    """Run broken records of the inner topics through the steps that read them."""
    chance = random.Random(seed)
    values = [msgspec.json.encode(an_event(at)) for at in range(900_000, 900_128)]
    profiled, _ = run_step(worker.profile, records_of("payments", values, 0))
    enriched = [one.value for one in profiled.outgoing]
    scored_out, _ = run_step(worker.score, records_of(effects.ENRICHED_EVENTS, enriched))
    from stream.events.enriched_event import EventsTogether, RiskUpdate, WeightsActivation  # noqa: PLC0415 - used here alone
    from stream.events.enriched_event import decode as decode_enriched  # noqa: PLC0415 - used here alone
    from stream.events.enriched_event import encode as encode_enriched  # noqa: PLC0415 - used here alone
    from stream.events.scored_event import encode as encode_scored  # noqa: PLC0415 - used here alone

    scored = [decode_scored(one.value) for one in scored_out.outgoing if one.topic == effects.SCORED_EVENTS]
    events = [event for value in enriched for event in decode_enriched(value)]
    pack, say = msgspec.msgpack.encode, msgspec.json.encode
    examples = [_example(one) for one in scored]
    updates = [RiskUpdate("h-1", "cards", "h-shop-1", NOON_S, 1.0), WeightsActivation("cards", 0)]
    mixed = [*events, *([EventsTogether(events[:4])] * len(events)), *updates]
    sources = {
        effects.ENRICHED_EVENTS: (worker.score, mixed, encode_enriched, pack),
        effects.SCORED_EVENTS: (worker.match, scored, encode_scored, say),
        effects.ALERT_CANDIDATES: (worker.alert, scored, encode_scored, say),
        effects.LABELLED_EXAMPLES: (worker.adapt, examples, pack, pack),
    }
    for topic, (step, valid, encode, decode_to) in sources.items():
        source = islice(_broken(chance, valid, encode, decode_to), count // 5)
        at = 0
        while batch := list(islice(source, BATCH)):
            made, seconds = run_step(step, records_of(topic, [one.value for one in batch], at))
            found.letters(made.rejected)
            found.seconds[topic] += seconds
            found.timed[topic] += len(batch)
            refused = {one.record.offset for one in made.rejected if one.record.topic == topic}
            for offset, one in enumerate(batch, at):
                found.book(one, dead=offset in refused)
            at += len(batch)
    _weights(worker, found, chance, count // 5)


def _example(one: ScoredEvent) -> LabelledExample:
    return LabelledExample(
        line=one.line,
        event_id=one.event_id,
        occurred_at_s=one.occurred_at_s,
        features=one.features,
        kind="background",
        source="",
        labelled_at_s=one.occurred_at_s,
        label_produced_at_ms=0,
        score=one.score,
        weights_version=0,
        subject=one.subject,
        feature_hash=one.feature_hash,
        alerted=False,
        share=1.0,
    )


def _weights(worker: Worker, found: Found, chance: random.Random, count: int) -> None:
    record = publish(weights_of_the_specification(line="cards", version=3))
    key, content = record.key or b"", record.value or b""
    keys = [
        key,
        b"cards\x00" + b"9" * 5_000,
        b"cards\0-1",
        b"\xff\0\xff",
        b"",
        None,
        b"x" * 70_000,
        FORGED_NAME.encode(),
        FORGED_NAME.encode()[:60] + b"\x003",
        b"cards",
        b"cards\0attempt",
    ]
    huge_header = (2**63).to_bytes(8, "little") + content[8:]
    for at in range(count):
        value = bytearray(content)
        value[chance.randrange(len(value))] ^= 1 << chance.randrange(8)
        choices = [
            bytes(value),
            content[: chance.randrange(len(content))],
            b"",
            huge_header,
            b"\x80\x04.",
            b'{"version":"x"}',
            chance.randbytes(64),
            (200).to_bytes(8, "little") + b'{"a":' * 40,
            content,
        ]
        chosen, named = chance.choice(choices[: 9 if at % 2 else 8]), chance.choice(keys if at % 4 else [key])
        if named == key and chosen == content:
            chosen = chosen[:-1]
        began = time.perf_counter()
        before = worker.scorers.find("cards", 3)
        if worker.guard.admits(named, chosen, ()):
            worker.live.take(named, chosen)
            worker.known.take(named, chosen)
        found.seconds[effects.LINE_WEIGHTS] += time.perf_counter() - began
        found.timed[effects.LINE_WEIGHTS] += 1
        found.records["inner: weights"] += 1
        found.dead["inner: weights"] += 1
        if worker.scorers.find("cards", 3) is not before:
            found.wrong.append(f"weights were taken under {named!r}")
