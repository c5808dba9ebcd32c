"""Hostile events and labels by kind: hand-made ones with chance in their places, and good ones broken at random."""

import gzip
import pickle
import random
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
import orjson
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

MEGABYTE = 1 << 20
CONTROLS = [*map(chr, range(0x20)), "\x7f"]
# What a log or a terminal would obey, though a name may hold it.
MOVERS = ["\x85", "\x9b2J", "\u2028", "\u2029", "\u202e", "\u2066", "\u200f"]
REFUNDING = 7
"""How events of the line that takes refunds name it."""
FORGED = "x\n2026-01-01 00:00:00,000 CRITICAL stream.transport.app: forged"


@dataclass(frozen=True, slots=True)
class Hostile:
    """One record's value.

    Attributes:
        kind: What is wrong with it.
        dead: Whether it must end in `dead-letters`; the others may also be valid and scored.
    """

    value: bytes | None
    kind: str
    dead: bool = True


Maker = Callable[[random.Random, dict[str, Any]], Hostile]


def _json(content: Any) -> bytes:
    return orjson.dumps(content, option=orjson.OPT_NON_STR_KEYS)


def _with_raw(event: dict[str, Any], field: str, raw: bytes) -> bytes:
    """Return the event's JSON with some bytes in a field's place."""
    return _json({**event, field: "@@"}).replace(b'"@@"', raw, 1)


def _text_of(event: dict[str, Any]) -> list[str]:
    return [name for name in ("id", "event_id", "card", "shop", "line", "source") if name in event]


def nested(chance: random.Random, event: dict[str, Any]) -> Hostile:
    depth = chance.choice([50, 900, 1_023, 1_025, 5_000, 30_000])
    opened, closed = chance.choice([(b"[", b"]"), (b'{"a":', b"}")])
    whole = opened * depth + (b"1" + closed * depth if chance.random() < 0.8 else b"")
    if chance.random() < 0.5:
        return Hostile(whole, "nested")
    field = chance.choice([*_text_of(event), "unknown_field"])
    return Hostile(_with_raw(event, field, whole), "nested", dead=field != "unknown_field" or "event_id" in event)


def huge(chance: random.Random, event: dict[str, Any]) -> Hostile:
    size = 10 * MEGABYTE if chance.random() < 0.1 else MEGABYTE
    field = chance.choice([*_text_of(event), "text"])
    return Hostile(_with_raw(event, field, b'"' + chance.choice([b"x", b"\\n", b"\xc3\xa9"]) * size + b'"'), "huge")


def long_names(chance: random.Random, event: dict[str, Any]) -> Hostile:
    long = chance.choice("x\xe9\u6f22\u2028") * chance.choice([257, 1_000, 15_000])
    return Hostile(_json({**event, chance.choice(_text_of(event)): long}), "long names")


def surrogates(chance: random.Random, event: dict[str, Any]) -> Hostile:
    lone = chance.choice([b'"\\ud800"', b'"\\udfff x"', b'"\xed\xa0\x80"', b'"\\ud83d\\u0041"', b'"\\udc00\\ud800"'])
    return Hostile(_with_raw(event, chance.choice(_text_of(event)), lone), "lone surrogates")


def no_numbers(chance: random.Random, event: dict[str, Any]) -> Hostile:
    raw = chance.choice(
        [
            b"NaN",
            b"Infinity",
            b"-Infinity",
            b"nan",
            b"1e400",
            b"-1e999",
            b"1e",
            b"0x10",
            b"01",
            b"+1",
            b".5",
            b"1_000",
            b"9" * 400,
            b"--1",
            b"1e+",
        ]
    )
    return Hostile(_with_raw(event, chance.choice(["amount", "time", "lat", "labelled_at"]), raw), "no numbers")


def odd_amounts(chance: random.Random, event: dict[str, Any]) -> Hostile:
    amount = chance.choice(
        [
            "1e999999999",
            "-1e999999999",
            "9" * 41,
            "NaN",
            "sNaN123",
            "-Infinity",
            "1e17",
            10**16,
            -1,
            -1e-2,
            1e300,
            True,
            [],
            {},
            "",
            " ",
            "1,5",
            "€5",
            "0x1F",
            "1e9999999999999999999",
        ]
    )
    refund = event.get("product") == REFUNDING and amount in (-1, -1e-2)
    return Hostile(_json({**event, "amount": amount}), "odd amounts", dead=not refund)


def tiny_amounts(chance: random.Random, event: dict[str, Any]) -> Hostile:
    amount = chance.choice(
        ["1e-999999999", "0e999999999", "-0", "\uff11\uff12", "1_000", " 12 ", 1e-300, 5e-324, "0" * 40, -0.0]
    )
    return Hostile(_json({**event, "amount": amount}), "tiny amounts", dead=False)


def repeated_keys(chance: random.Random, event: dict[str, Any]) -> Hostile:
    whole, field = _json(event), chance.choice([*_text_of(event)])
    if chance.random() < 0.5:
        return Hostile(whole[:-1] + b',"%s":[]}' % field.encode(), "repeated keys")
    return Hostile(b'{"%s":[],' % field.encode() + whole[1:], "repeated keys", dead=False)


def wrong_types(chance: random.Random, event: dict[str, Any]) -> Hostile:
    value = chance.choice([None, True, [], {}, [1], {"a": 1}])
    needed = [name for name in (*_text_of(event), "amount", "time", "labelled_at", "label") if name in event]
    return Hostile(_json({**event, chance.choice(needed): value}), "wrong types")


def controls(chance: random.Random, event: dict[str, Any]) -> Hostile:
    names = [name for name in _text_of(event) if name in ("id", "event_id", "card", "shop")]
    name = chance.choice(names)
    text = chance.choice([FORGED, event[name] + chance.choice(CONTROLS), "\x1b[2J\x1b[31m" + event[name]])
    if chance.random() < 0.3:
        return Hostile(_with_raw(event, name, b'"' + text.encode() + b'"'), "raw controls")
    return Hostile(_json({**event, name: text}), "controls")


def movers(chance: random.Random, event: dict[str, Any]) -> Hostile:
    name = chance.choice([name for name in _text_of(event) if name != "line"])
    return Hostile(_json({**event, name: f"{event[name]}{chance.choice(MOVERS)}"}), "cursor movers", dead=False)


def odd_times(chance: random.Random, event: dict[str, Any]) -> Hostile:
    name = "time" if "time" in event else "labelled_at"
    time = chance.choice(
        [
            "0000-00-00",
            "2023-02-30T00:00:00",
            "-2023-01-01",
            "+292277026596-12-04T15:30:08Z",
            "",
            "now",
            "2023-01-01T00:00:00+99:99",
            "10000-01-01",
            "1899-12-31T23:59:59Z",
            "3000-01-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
            -(2**63),
            2**63 - 1,
            1e300,
            -1e300,
            True,
            "1" * 5_000,
            "NaN",
            "0001-01-01T00:00:00+23:59",
            "9999-12-31T23:59:59-23:59",
            "2999-01-01T00:00:00Z",
        ]
    )
    return Hostile(_json({**event, name: time}), "odd times")


def late_times(chance: random.Random, event: dict[str, Any]) -> Hostile:
    name = "time" if "time" in event else "labelled_at"
    time = chance.choice(
        [
            "1900-01-01T00:00:00Z",
            "1969-12-31T23:59:59.999999Z",
            "2023-W01-1",
            "20230101",
            "2023-01-01T24:00:00",
            "2023-01-01T00:00:00,5",
            "2016-12-31T23:59:60Z",
            0,
            -1.5,
            "\u0661\u0669\u0669\u0669-01-01",
        ]
    )
    return Hostile(_json({**event, name: time}), "early and odd times", dead=False)


def unknown_lines(chance: random.Random, event: dict[str, Any]) -> Hostile:
    name = "product" if "product" in event else "line"
    unknown = [
        "nobody",
        "",
        "CARDS",
        "cards ",
        "cards\0",
        "x" * 65,
        None,
        8,
        7.5,
        [],
        ["cards"],
        {"a": "cards"},
        True,
        1e308,
    ]
    return Hostile(_json({**event, name: chance.choice(unknown)}), "unknown lines")


def cut(chance: random.Random, event: dict[str, Any]) -> Hostile:
    whole = _json(event)
    return Hostile(whole[: chance.randrange(len(whole))], "cut JSON")


def empty(chance: random.Random, _: dict[str, Any]) -> Hostile:
    return Hostile(
        chance.choice([None, b"", b" ", b"\n", b"\0", b"null", b"true", b"[]", b"{}", b'""', b"0", b"[{}]"]), "empty"
    )


def encodings(chance: random.Random, event: dict[str, Any]) -> Hostile:
    text = _json({**event, "text": "héé"}).decode()
    name = chance.choice(["utf-16", "utf-16-le", "utf-32", "utf-8-sig", "latin-1", "cp500", "cp1252"])
    return Hostile(text.encode(name), "other encodings")


def magic(chance: random.Random, event: dict[str, Any]) -> Hostile:
    whole = _json(event)
    pickled = pickle.dumps(event, chance.randrange(6))
    heads = [
        b"\0\0\0\0\1" + whole,
        gzip.compress(whole),
        zlib.compress(whole),
        pickled,
        msgspec.msgpack.encode(event),
        b"PAR1" + whole,
        b"\x7fELF" + whole,
        b"Obj\x01" + whole,
        b"\x28\xb5\x2f\xfd" + whole,
        b"PK\3\4" + whole,
        b"\x93NUMPY" + whole,
        whole + b"\0",
        whole + whole,
        b"\x82SNAPPY\0" + whole,
    ]
    return Hostile(chance.choice(heads), "magic bytes")


def broken(chance: random.Random, event: dict[str, Any]) -> Hostile:
    value = bytearray(_json(event))
    for _ in range(chance.randrange(1, 6)):
        at = chance.randrange(len(value))
        change = chance.randrange(4)
        if change == 0:
            value[at] = chance.randrange(256)
        elif change == 1:
            value[at:at] = chance.randbytes(chance.randrange(1, 4))
        elif change == 2 and len(value) > 8:
            del value[at : at + chance.randrange(1, 8)]
        else:
            value[at:at] = value[at : at + chance.randrange(1, 32)]
    return Hostile(bytes(value), "broken bytes", dead=False)


def noise(chance: random.Random, _: dict[str, Any]) -> Hostile:
    return Hostile(chance.randbytes(chance.randrange(0, 400)), "noise")


def odd_keys(chance: random.Random, event: dict[str, Any]) -> Hostile:
    key = chance.choice(
        ["__class__", "__proto__", "constructor", "$ref", "\0", "", "a" * 10_000, FORGED, "schema_version"]
    )
    return Hostile(_json({**event, key: chance.choice([1, FORGED, {"a": {}}, "x"])}), "odd keys", dead=False)


def odd_places(chance: random.Random, event: dict[str, Any]) -> Hostile:
    name, value = chance.choice(
        [("lat", 91), ("lat", -90.1), ("lon", 181), ("lat", "1"), ("lon", True), ("lat", []), ("lat", 1e300)]
    )
    return Hostile(_json({**event, name: value}), "odd places", dead="lat" in event or "event_id" in event)


def missing(chance: random.Random, event: dict[str, Any]) -> Hostile:
    needed = [name for name in (*_text_of(event), "amount", "time", "labelled_at", "label") if name in event]
    gone = chance.choice([name for name in needed if name != "source"])
    return Hostile(_json({name: value for name, value in event.items() if name != gone}), "missing fields")


MAKERS: tuple[Maker, ...] = (
    nested,
    long_names,
    surrogates,
    no_numbers,
    odd_amounts,
    tiny_amounts,
    repeated_keys,
    wrong_types,
    controls,
    movers,
    odd_times,
    late_times,
    unknown_lines,
    cut,
    empty,
    encodings,
    magic,
    broken,
    broken,
    noise,
    odd_keys,
    odd_places,
    missing,
)

_LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40)
_JSON = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=5)
)


def drawn(fields: list[str], count: int, at: int) -> list[Hostile]:
    """Return what hypothesis draws: bytes, JSON of any shape, and objects with the right fields and any values."""
    found: list[Hostile] = []
    objects = st.dictionaries(st.sampled_from(fields), _JSON, max_size=len(fields))

    @seed(at)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.one_of(st.binary(max_size=200), _JSON, objects))
    def take(one: Any) -> None:
        if not isinstance(one, bytes):
            try:
                one = orjson.dumps(one)
            except (TypeError, ValueError):
                one = repr(one).encode(errors="surrogatepass")
        found.append(Hostile(one, "drawn by hypothesis", dead=False))

    take()
    return found


def hostile(
    chance: random.Random, count: int, a_good_one: Callable[[int], dict[str, Any]], huge_every: int
) -> Iterator[Hostile]:
    """Yield hostile values of all kinds in turn.

    Args:
        chance: Of all choices.
        count: How many.
        a_good_one: Makes a good event or label of a name of its own.
        huge_every: One of so many is of 1 or 10 MB.
    """
    for at in range(count):
        maker = huge if huge_every and at % huge_every == huge_every - 1 else MAKERS[at % len(MAKERS)]
        yield maker(chance, a_good_one(at))
