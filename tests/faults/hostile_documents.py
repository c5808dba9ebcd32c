"""Hostile documents of supply-chain finance through the ledgers, the profiles and the scores, beside good ones.

No record may end a step; each must end in `dead-letters` or be a valid document that is scored; good documents must
get the scores and matches that they get alone. `make hostile` runs 20,000.
"""

import copy
import random
from collections.abc import Callable, Iterator
from itertools import chain, islice
from typing import Any

import msgspec
import orjson

from stream.alerts.budget import AlertBudget
from stream.events.decode import Decoder, SourceRecord
from stream.events.documents_topic import DocumentsTopic
from stream.events.match_reason import matches_of
from stream.events.scored_event import decode as decode_scored
from stream.events.supply_chain.supply_chain_event import EVENT_TYPES
from stream.features.counterparty import CounterpartyState
from stream.features.profile_state import ProfileState
from stream.features.specification import DOCUMENTS
from stream.ledger.fingerprint import Fingerprints
from stream.ledger.terms import Terms
from stream.metrics import Metrics
from stream.pipelines import effects
from stream.pipelines.active_versions import ActiveVersions
from stream.pipelines.claim_document import ClaimStep, FingerprintStep
from stream.pipelines.estimated_precision import EstimatedPrecision
from stream.pipelines.live_weights import LiveWeights
from stream.pipelines.profile_subject import ProfileStep
from stream.pipelines.score_event import Scoring
from stream.pipelines.score_step import ScoreStep
from stream.scoring.line_scorers import LineScorers
from tests.builders.events import NOON_S
from tests.builders.supply_chain import a_documents_line, supply_chain_fields
from tests.builders.weights import weights_of_documents
from tests.faults.hostile_corpus import CONTROLS, FORGED, MEGABYTE, Hostile
from tests.faults.hostile_found import Found
from tests.faults.hostile_worker import CLOCK, MOST_BYTES, run_step

TOPIC, ONWARD = "copper-documents", "copper-documents-rekeyed"
HOSTILE_LINE = "hostile-finance"
GOOD, BAD = a_documents_line(), a_documents_line(line=HOSTILE_LINE)
LINES = {line.name: line for line in (GOOD, BAD)}
BATCH, GOOD_SHARE = 512, 8
_PAPER = {"currency": "USD", "issue_date": "2023-11-10", "due_date": "2024-01-31"}
_TAKEN = ("in a circle", "mixed scripts")
_SCRIPTS = "\u0430\u0391A\u05d0\u0639\u0e01\u3042\u6f22\xdf \ufdfa\u0301\u200d\U0001f600"
DAY_S = 86_400.0

Document = dict[str, Any]
Broken = Callable[[random.Random, Document], Hostile]


def a_document(at: int, name: str, line: str) -> Document:
    """Return a good document of a sale of eleven, with parties, numbers and an amount of its own.

    Every second sale asks for money on the invoice of the sale before, of another financier.
    """
    sale, kind = divmod(at, len(EVENT_TYPES))
    document = copy.deepcopy(supply_chain_fields(sorted(EVENT_TYPES)[kind]))
    asks = document["type"] == "financing_request"
    of = sale - sale % 2 if asks else sale
    document |= {"event_id": f"{name}-{at}", "line": line, "occurred_at_s": NOON_S + sale % 300 * 0.1 * DAY_S}
    for party in ("seller", "buyer", "financier", "carrier", "warehouse", "payer"):
        if party in document:
            own = f"{name}-{document[party]['id']}-{(sale if party == 'financier' else of) % 40}"
            document[party] |= {"id": own, "name": f"{name} {party} {of % 40}"}
    document["document_number"] = f"{document['document_number']}-{name}-{sale}"
    for one in document.get("references", []):
        one |= {"number": f"{one['number']}-{name}-{of}", "issuer": f"{name}-{one['issuer']}-{of % 40}"}
    if "amount_minor" in document:
        document["amount_minor"] = 1_000_000 + of % 997 * 1_013
    if asks:
        document["financed"] = [{**document["references"][0], "amount_minor": document["amount_minor"], **_PAPER}]
    return document


def _put(document: Document, path: str, value: object) -> Document:
    *above, last = path.split(".")
    inner = document
    for name in above:
        inner = inner[int(name)] if isinstance(inner, list) else inner.setdefault(name, {})
    inner[last] = value
    return document


def _broken(kind: str, *, dead: bool = True, **changes: object) -> Broken:
    """Return what puts one of some values in the place of fields; `__` in a name is a dot."""
    paths = {name.replace("__", "."): values for name, values in changes.items()}

    def make(chance: random.Random, document: Document) -> Hostile:
        path = chance.choice(sorted(paths))
        values: Any = paths[path]
        return Hostile(orjson.dumps(_put(document, path, chance.choice(values))), kind, dead=dead)

    return make


def _raw(kind: str, path: str, *texts: bytes) -> Broken:
    """Return what puts bytes that are no JSON value of orjson's in a field's place."""

    def make(chance: random.Random, document: Document) -> Hostile:
        text = orjson.dumps(_put(document, path, "@@")).replace(b'"@@"', chance.choice(texts), 1)
        return Hostile(text, kind)

    return make


def of_itself(_: random.Random, document: Document) -> Hostile:
    issuer = {"shipment": "carrier", "warehouse_receipt": "warehouse", "purchase_order": "buyer"}.get(document["type"])
    party = document.get(issuer or "seller") or document["seller"]
    own = {"type": document["type"], "number": document["document_number"], "issuer": party["id"]}
    return Hostile(orjson.dumps({**document, "references": [own]}), "of itself", dead=False)


def in_a_circle(chance: random.Random, document: Document) -> Hostile:
    """Return an invoice that refers to one that refers to it: taken, whatever the cycle."""
    at = chance.randrange(50)
    own = {"type": "invoice", "number": f"LOOP-{(at + 1) % 50}", "issuer": document["seller"]["id"]}
    return Hostile(
        orjson.dumps({**document, "document_number": f"LOOP-{at}", "references": [own]}), "in a circle", dead=False
    )


def many_references(chance: random.Random, document: Document) -> Hostile:
    count = chance.choice([256, 257, 3_000])
    some = [{"type": "invoice", "number": f"N-{at}", "issuer": "S"} for at in range(count)]
    return Hostile(orjson.dumps({**document, "references": some}), "many references", dead=count != 256)


def many_financed(chance: random.Random, document: Document) -> Hostile:
    count = chance.choice([256, 257, 3_000])
    one = document["financed"][0]
    some = [{**one, "number": f"{one['number']}-{at}"} for at in range(count)]
    return Hostile(orjson.dumps({**document, "financed": some}), "many financed", dead=count != 256)


def huge(chance: random.Random, document: Document) -> Hostile:
    size = 10 * MEGABYTE if chance.random() < 0.1 else MEGABYTE
    text = chance.choice(["x", "\n", "é", "漢"]) * (size // 4)
    return Hostile(orjson.dumps({**document, chance.choice(["description", "purpose"]): text}), "huge description")


def mixed_scripts(chance: random.Random, document: Document) -> Hostile:
    name = "".join(
        chance.choice("\u0430\u0391A\u05d0\u0639\u0e01\u3042\u6f22\xdf \ufdfa\u0301\u200d\U0001f600")
        for _ in range(chance.randrange(1, 60))
    )
    return Hostile(orjson.dumps(_put(document, "seller.name", name)), "mixed scripts", dead=False)


def nested(chance: random.Random, document: Document) -> Hostile:
    depth = chance.choice([50, 1_025, 20_000])
    field = chance.choice(["seller", "references", "document_number"])
    whole = orjson.dumps({**document, field: "@@"}).replace(b'"@@"', b"[" * depth + b"]" * depth)
    return Hostile(whole, "nested")


def cut(chance: random.Random, document: Document) -> Hostile:
    whole = orjson.dumps(document)
    return Hostile(whole[: chance.randrange(len(whole))], "cut")


def noise(chance: random.Random, _: Document) -> Hostile:
    return Hostile(chance.choice([None, b"", b"[]", b"7", b"\x80\x04", chance.randbytes(64)]), "noise")


def turned_bits(chance: random.Random, document: Document) -> Hostile:
    whole = bytearray(orjson.dumps(document))
    for _ in range(chance.randrange(1, 4)):
        whole[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
    return Hostile(bytes(whole), "turned bits", dead=False)


def without(chance: random.Random, document: Document) -> Hostile:
    field = chance.choice(["type", "event_id", "line", "occurred_at_s", "document_number", "issue_date", "seller"])
    return Hostile(orjson.dumps({name: one for name, one in document.items() if name != field}), "without a field")


_TEXT = [*(f"a{one}b" for one in CONTROLS), FORGED]
MAKERS: dict[str, tuple[Broken, ...]] = {
    "": (
        _broken("type", type=["unknown", "", 7, None, ["invoice"], "INVOICE"]),
        _broken("line", line=["cards", "", 7, "x" * 300, "copper-finance "]),
        _broken("time", occurred_at_s=[1e300, "2023-11-10", True, None, NOON_S + 4_000 * DAY_S, -3e9]),
        _broken("days", issue_date=["2023-02-30", "10.11.2023", "", 7, "2023-11-10T00:00:00Z", "9999-99-99"]),
        _broken("due before issue", due_date=["2001-01-01", "1900-01-01"]),
        _broken("text", event_id=_TEXT, document_number=_TEXT, seller__name=_TEXT),
        _broken("long names", event_id=["x" * 1_000], document_number=["漢" * 9_000], seller__id=["x" * 20_000]),
        _broken("wrong types", seller=["S1", None, [], 7], references=["PO-1", {}, [7], None], document_number=[7, {}]),
        _raw("numbers", "occurred_at_s", b"NaN", b"Infinity", b"1e999", b"-", b"0x10", b"1_0", b"9" * 5_000),
        _raw("surrogates", "event_id", b'"\\ud800"', b'"\xed\xa0\x80"', b'"\\udc00\\ud800"'),
        of_itself, many_references, huge, mixed_scripts, nested, cut, noise, turned_bits, without,
    ),
    "amount_minor": (
        _broken("amount", amount_minor=[-1, 1.5, "7", 2**63, True, None, -(2**63)]),
        _broken("currency", currency=["usd", "XYZ", "", 7, "US", "EURO", "\uff35\uff33\uff24", None]),
        _raw("numbers", "amount_minor", b"NaN", b"1e3", b"9" * 5_000),
    ),
    "quantity": (
        _broken("quantity", quantity__value=[-1, -(10**15), 1.5, "7", None], quantity__scale=[-1, 99, 1.5, "3"]),
        _broken("unit", quantity__unit_code=["ZZZ", "", "kg", 7, "T" * 300, None]),
        _broken("goods code", goods_code=["", "7", "abc", 740311, "7" * 40]),
    ),
    "due_date": (in_a_circle,),
    "financed": (
        _broken("financed", financed__0__amount_minor=[-1, 1.5, None, 2**63], financed=[[7], {}, "invoice", [{}]]),
        _broken("financed", financed__0__due_date=["1999-01-01"], financed__0__share_ppm=[0, 1_000_001, "1"]),
        many_financed,
    ),
}  # fmt: skip


def hostile_documents(chance: random.Random, count: int) -> Iterator[Hostile]:
    """Yield hostile documents of a line of their own, every kind of breakage about as often."""
    for at in range(count):
        document = a_document(at, "h", HOSTILE_LINE)
        able = list(chain.from_iterable(makers for field, makers in MAKERS.items() if not field or field in document))
        yield chance.choice(able)(chance, document)


class DocumentsWorker:
    """The steps that documents pass on one partition, as a worker joins them."""

    def __init__(self) -> None:
        """Start with empty states."""
        metrics, prints = Metrics(), Fingerprints(b"a key for tests.")
        topic = DocumentsTopic(list(LINES.values()), CLOCK, MOST_BYTES)
        self.print = FingerprintStep(topic, ONWARD, prints, 1, tell_financiers=True)
        self.claim = ClaimStep(0, 1, {ONWARD}, Terms(), 100_000, metrics, tell_financiers=True)
        decoder = Decoder(LINES, CLOCK, MOST_BYTES)
        self.profile = ProfileStep(decoder, ProfileState(DOCUMENTS), metrics, 0, 1)
        scorers = LineScorers(weights_of_documents())
        scoring = Scoring(LINES, CounterpartyState(), scorers, ActiveVersions(), AlertBudget(), 1, CLOCK)
        live = LiveWeights(scorers, DOCUMENTS.hash, metrics)
        self.score = ScoreStep(scoring, live, metrics, EstimatedPrecision(), 0)

    def run(self, found: Found, values: list[bytes | None], first: int) -> tuple[dict[str, Any], set[int], list[Any]]:
        """Return what was scored by event, the offsets that were refused, and the matches that were told."""
        sources = [SourceRecord(TOPIC, 0, first + at, b"k", one, int(NOON_S * 1_000)) for at, one in enumerate(values)]
        printed, seconds = run_step(self.print, sources)
        claims = [one for one in printed.outgoing if one.topic == effects.DOCUMENT_CLAIMS]
        claimed, more = run_step(self.claim, _records(effects.DOCUMENT_CLAIMS, claims))
        matches = [one for one in claimed.outgoing if one.topic == effects.DOCUMENT_MATCHES]
        onward = [one for one in chain(printed.outgoing, claimed.outgoing) if one.topic == ONWARD]
        profiled, still = run_step(self.profile, _records(ONWARD, onward))
        scored, last = run_step(self.score, _records(effects.ENRICHED_EVENTS, profiled.outgoing))
        inner = [*claimed.rejected, *profiled.rejected, *scored.rejected]
        found.letters(chain(printed.rejected, inner))
        found.wrong += [f"an inner record was refused: {one.reason}" for one in inner]
        if len(printed.rejected) + len(onward) != len(values):
            found.wrong.append(f"{len(values)} documents gave {len(onward)} and {len(printed.rejected)} refusals")
        found.seconds["documents"] += seconds + more + still + last
        found.timed["documents"] += len(values)
        events = [decode_scored(one.value) for one in scored.outgoing if one.topic == effects.SCORED_EVENTS]
        refused = {one.record.offset for one in printed.rejected}
        told = [msgspec.json.decode(one.value) for one in matches]
        return {one.event_id: one for one in events}, refused, told


def _records(topic: str, outgoing: list[Any]) -> list[SourceRecord]:
    return [
        SourceRecord(topic, 0, at, one.key, one.value, int(NOON_S * 1_000), matches_of(one.headers))
        for at, one in enumerate(outgoing)
    ]


def warm_worker() -> DocumentsWorker:
    """Return a worker whose tables have their memory, which they take with the first document."""
    worker = DocumentsWorker()
    worker.run(Found(), [orjson.dumps(a_document(0, "first", GOOD.name))], 0)
    return worker


def documents(found: Found, worker: DocumentsWorker, alone: DocumentsWorker, count: int, seed: int) -> int:
    """Run hostile documents beside good ones; return how many good ones were scored as they are alone.

    Args:
        found: What comes of it.
        worker: Gets all.
        alone: Gets the good ones.
        count: Hostile ones.
        seed: Of all chance.
    """
    chance, at, first = random.Random(seed), 0, 1
    source = hostile_documents(chance, count)
    same = matched = 0
    while batch := list(islice(source, BATCH - BATCH // GOOD_SHARE)):
        good = [orjson.dumps(a_document(one, "good", GOOD.name)) for one in range(at, at + BATCH // GOOD_SHARE)]
        at += len(good)
        order: list[Hostile | bytes] = [*batch]
        for place, one in zip(sorted(chance.sample(range(len(batch) + 1), len(good))), good, strict=True):
            order.insert(place, one)
        scored, refused, told = worker.run(
            found, [one.value if isinstance(one, Hostile) else one for one in order], first
        )
        expected, _, alone_told = alone.run(Found(), list(good), first)
        for offset, one in enumerate(order, first):
            if isinstance(one, Hostile):
                found.book(one, dead=offset in refused)
        for name, one in expected.items():
            seen = scored.get(name)
            if seen is None or (seen.score, seen.anomaly, seen.features) != (one.score, one.anomaly, one.features):
                found.wrong.append(f"a good document was scored otherwise than alone: {name}")
            else:
                same += 1
        ours = [one for one in told if one["later"]["event_id"].startswith("good-")]
        matched += len(alone_told)
        if ours != alone_told:
            found.wrong.append(f"{len(ours)} matches of good documents, {len(alone_told)} alone")
        found.wrong += [f"scored {one.score}" for one in scored.values() if not 0 <= one.score <= 1]
        first += len(order)
    found.good += at
    found.wrong += [f"{kind}: none was taken" for kind in _TAKEN if not found.taken[kind]]
    if not matched:
        found.wrong.append("no good document matched another")
    return same
