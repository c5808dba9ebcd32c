"""Events past the ledgers: the same matches on any number of workers, each told once."""

from random import Random

import msgspec
import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.clock import FixedClock
from stream.events.documents_topic import DocumentsTopic
from stream.events.match_reason import decode_matches, matches_of
from stream.events.supply_chain.decode import decode_supply_chain
from stream.ledger.claim_record import decode_claim, encode_claim
from stream.ledger.claims_of import claims_of
from stream.ledger.rows import ROW
from stream.metrics import Metrics
from stream.pipelines.claim_document import MOST_TOLD, ClaimStep, FingerprintStep
from stream.pipelines.inquiry import answer, read_in_hand
from tests.builders.events import NOON_S, a_record
from tests.builders.supply_chain import INVOICE, LINE, a_documents_line, supply_chain_bytes
from tests.unit.ledger.ledger_oracle import in_force
from tests.unit.pipelines.claim_installation import ONWARD, PRINTS, TERMS, Installation

DOCUMENTS = DocumentsTopic([a_documents_line()], FixedClock(NOON_S + 200 * 86_400.0))
FINANCED = {
    **INVOICE,
    "amount_minor": 11_250_001,
    "currency": "USD",
    "issue_date": "2023-11-10",
    "due_date": "2024-01-31",
}


def a_request(event_id="fr-1", day=0.0, kind="financing_request", financier="F1", **changed):
    document = {name: value for name, value in {**FINANCED, **changed}.items() if value is not None}
    return supply_chain_bytes(
        kind,
        event_id=event_id,
        document_number=event_id,
        occurred_at_s=NOON_S + day * 86_400,
        financier={"id": financier},
        financed=[document],
    )


def a_credit_note(event_id="cn-1", day=1.0, **changed):
    return supply_chain_bytes(
        "credit_note",
        event_id=event_id,
        document_number=event_id,
        occurred_at_s=NOON_S + day * 86_400,
        amount_minor=11_250_001,
        references=[{**INVOICE, **changed}],
    )


def ran(values, partitions=1, seed=0, deaths=0.0, **changed):
    chance = Random(seed)
    installation = Installation(partitions, **changed)
    installation.produce(values, chance)
    installation.run(chance, deaths=deaths)
    return installation


def plain(installation):
    return {
        (
            one["earlier"]["event_id"],
            one["earlier"]["position"],
            one["later"]["event_id"],
            one["later"]["position"],
            one["rule"],
        )
        for one in installation.in_force().values()
    }


def expected(values):
    claims = [claim for value in values for claim in claims_of(decode_supply_chain(value, LINE))]
    return {(*pair, rule.name.lower()) for *pair, rule in in_force(claims, TERMS)}


def test_a_match_says_which_documents_when_which_financiers_and_how_near():
    values = [a_request(), a_request("fr-2", 2.0, financier="F2", number="INV1", amount_minor=11_000_000)]
    ((_, match),) = ran(values).matches
    assert match == {
        "rule": "other_amount",
        "nearness": 0.996,
        "earlier": {
            "event_id": "fr-1", "position": 0, "kind": "financing_request", "occurred_at_s": NOON_S,
            "financier": "F1",
        },
        "later": {
            "event_id": "fr-2", "position": 0, "kind": "financing_request", "occurred_at_s": NOON_S + 172_800,
            "financier": "F2",
        },
        "same_financier": False,
        "parties_swapped": False,
        "issue_shift_days": 0,
        "due_shift_days": 0,
        "amount_ratio": 0.977778,
        "withdrawn": False,
    }  # fmt: skip


def test_where_financiers_may_not_be_told_a_match_says_only_whether_it_is_another():
    told = ran([a_request(), a_request("fr-2", financier="F2")], tell_financiers=False)
    assert [match["same_financier"] for _, match in told.matches] == [False]
    assert not [one for _, match in told.matches for one in ("earlier", "later") if "financier" in match[one]]


@pytest.mark.parametrize("waiting", [False, True])
def test_names_of_financiers_that_a_former_run_kept_are_neither_told_nor_kept_once_they_may_not_be(waiting):
    installation = ran([a_request(financier="Bank-77")])
    if waiting:
        # Its fingerprint was made, and its financier's name put in, while that could be told.
        installation.produce([a_request("fr-3", 1.0, financier="Bank-78")], Random(0))
        installation._turn(("source", 0), 1, dies=False)
    installation.tell_financiers = False
    installation.steps.clear()
    assert [one.event.financier for one in asked(installation, a_request()).findings] == [None]
    installation.produce([a_request("fr-2", 2.0, financier="F2")], Random(0))
    installation.run(Random(0))
    assert len(installation.matches) == (3 if waiting else 1)
    assert "Bank" not in str(installation.matches)
    held = dict(installation.changelogs["document-claims", 0])
    assert not any(b"Bank" in value for value in held.values() if value is not None)
    assert [value for key, value in held.items() if key.startswith(b"f")] == [None]


def a_flood(count, **changed):
    values = [a_request(f"fr-{at}", at / 1_000, financier=f"F{at % 3}", **changed) for at in range(count)]
    claims = FingerprintStep(DOCUMENTS, ONWARD, PRINTS, 1).process(list(map(a_record, values))).outgoing
    return [a_record(claim.value) for claim in claims]


def test_a_flood_of_one_document_is_told_in_transactions_of_some_thousands_and_each_pair_once():
    flood = a_flood(128)
    step, keys, done = ClaimStep(0, 1, {ONWARD}, TERMS, 1_000, Metrics()), [], 0
    back = ClaimStep(0, 1, {ONWARD}, TERMS, 1_000, Metrics())
    while done < len(flood):
        effects = step.process(flood[done:])
        told = [one.key for one in effects.outgoing if one.topic == "document-matches"]
        # What one more look adds: a few documents, each beside all before it.
        assert 0 < len(told) < MOST_TOLD + 4 * len(flood)
        assert len(effects.outgoing) - len(told) == effects.taken
        keys += told
        done += effects.taken
        back.state.restore(step.state.drain_changes())
        # The state holds what was taken and no more.
        assert all(len(ledger) == done for ledger in back._ledgers.values())
    assert len(keys) == len(set(keys)) == 128 * 127 // 2


def test_a_batch_without_a_flood_is_taken_whole():
    values = [a_request(f"fr-{at}", number=f"N-{at * 37}", amount_minor=100_000 + at * 7_919) for at in range(200)]
    claims = FingerprintStep(DOCUMENTS, ONWARD, PRINTS, 1).process(list(map(a_record, values))).outgoing
    effects = ClaimStep(0, 1, {ONWARD}, TERMS, 1_000, Metrics()).process([a_record(one.value) for one in claims])
    assert effects.taken == len(effects.outgoing) == 200


def test_every_event_goes_on_once_with_what_it_matched():
    values = [a_request(), a_request("fr-2"), supply_chain_bytes("invoice"), b"{"]
    installation = ran(values, partitions=3)
    assert sorted(one.value for one in installation.onward) == sorted(values[:3])
    assert {(one.topic, one.key) for one in installation.onward} == {(ONWARD, LINE.encode())}
    carried = [decode_matches(matches) for one in installation.onward if (matches := matches_of(one.headers))]
    assert [[match.rule for match in matches] for matches in carried] == [["exact"]]
    assert [one.reason for one in installation.rejected] == ["unreadable"]


def test_an_event_goes_on_with_words_for_what_it_matched_though_its_identifier_is_too_long_to_keep():
    name = "a-request-with-a-name-of-many-letters"
    installation = ran([a_request(name, financier="F9", kind="assignment"), a_request(f"{name}-2", 2.0)], partitions=3)
    (told,) = [matches for one in installation.onward if (matches := matches_of(one.headers))]
    (reason,) = decode_matches(told)
    assert reason.text == "invoice INV-1 was assigned on 14 November 2023 by another financier (F9)"


def test_matches_are_counted_by_rule_and_outcome_when_they_are_visible():
    metrics = Metrics()
    step = ClaimStep(0, 1, {ONWARD}, TERMS, 1_000, metrics)
    records = []
    for value in (a_request(), a_request("fr-2", 2.0), a_credit_note()):
        (out,) = FingerprintStep(DOCUMENTS, ONWARD, PRINTS, 1).process([a_record(value)]).outgoing
        records.append(a_record(out.value))

    def counted(outcome):
        labels = {"rule": "exact", "outcome": outcome}
        return metrics.registry.get_sample_value("foreshot_document_matches_total", labels)

    for record in records:
        step.process([record])
    assert counted("withdrawn") is None
    step.committed()
    assert counted("withdrawn") == 1


def test_an_event_from_the_future_cannot_make_the_ledgers_forget():
    installation = ran([a_request(), a_request("fr-9", 9_999.0), a_request("fr-2", 1.0)])
    assert [one.reason for one in installation.rejected] == ["far_future"]
    assert {rule for *_, rule in plain(installation)} == {"exact"}


def test_an_event_of_many_documents_visits_each_partition_once():
    documents = [{**FINANCED, "number": f"N-{at * 7}"} for at in range(100)]
    value = supply_chain_bytes("financing_request", financed=documents)
    assert ran([value], partitions=3).hops == 3


@pytest.mark.parametrize("kind", ["financing_request", "assignment"])
def test_a_document_named_by_reference_alone_is_found_too(kind):
    values = [supply_chain_bytes(kind, event_id="one"), supply_chain_bytes(kind, event_id="two")]
    assert {rule for *_, rule in plain(ran(values))} == {"exact"}


def test_a_credit_note_that_comes_late_takes_the_report_back():
    installation = ran([a_request(), a_request("fr-2", 2.0)])
    assert len(installation.in_force()) == 1
    installation.produce([a_credit_note()], Random(0))
    installation.run(Random(0))
    assert [match["withdrawn"] for _, match in installation.matches] == [False, True]
    assert installation.in_force() == {}


def test_records_that_are_no_claims_are_refused():
    installation = Installation(1)
    step = installation._step(("document-claims", 0))
    (claim,) = FingerprintStep(DOCUMENTS, ONWARD, PRINTS, 1).process([a_record(a_request())]).outgoing
    good = decode_claim(claim.value)
    row = np.frombuffer(good.visits[0].row, ROW).copy()
    row["occurred_at_s"] = np.nan
    spoilt = [
        msgspec.structs.replace(good, onward="nowhere"),
        *(
            msgspec.structs.replace(good, visits=[msgspec.structs.replace(good.visits[0], **changed)])
            for changed in ({"partition": 1}, {"row": b"short"}, {"row": row.tobytes()})
        ),
    ]
    for value in (
        *map(encode_claim, spoilt),
        b"",
        b"\xc1",
        None,
        b"\x98\xa1a\xc4\x01a\xc4\x01a\x01\xa0\x90\x91\x94\x00\x00\xc4\x01a\xc4\x01a\x90",
    ):
        record = installation._record(("document-claims", 0), type("One", (), {"key": None, "value": value}))
        (rejected,) = step.process([record]).rejected
        assert rejected.reason in ("unreadable", "bad_value", "unknown_line")
    assert not step.process([a_record(encode_claim(good))]).rejected


OTHER_BUYER = {"id": "B9", "name": "Pier Stores"}
EVENTS = st.one_of(
    st.builds(
        a_request,
        event_id=st.sampled_from([f"fr-{at}" for at in range(30)]),
        day=st.sampled_from([0.0, 1.0, 2.0, 20.0, 150.0]),
        kind=st.sampled_from(["financing_request", "financing_request", "assignment"]),
        financier=st.sampled_from(["F1", "F2", "F3"]),
        number=st.sampled_from(["INV-1", "INV-1017", "INV-1117", "INV-1017A"]),
        amount_minor=st.sampled_from([11_250_001, 11_250_001, 11_000_000]),
        issue_date=st.sampled_from(["2023-11-10", "2023-11-10", "2023-11-12"]),
        instalment_minor=st.sampled_from([None, None, 4_000_000, 6_000_000]),
    ),
    st.builds(
        a_credit_note,
        event_id=st.sampled_from([f"cn-{at}" for at in range(9)]),
        day=st.sampled_from([0.5, 1.5, 3.0]),
        number=st.sampled_from(["INV-1", "INV-1017"]),
    ),
)
STREAMS = st.lists(EVENTS, max_size=12, unique_by=lambda value: orjson.loads(value)["event_id"])


@settings(max_examples=60)
@given(values=STREAMS, again=st.lists(st.integers(0, 11), max_size=3), seed=st.integers(0, 2**32))
def test_one_worker_and_three_that_are_killed_tell_the_same_matches_each_once(values, again, seed):
    stream = values + [values[at] for at in again if at < len(values)]
    one = ran(stream, partitions=1)
    three = ran(stream, partitions=3, seed=seed, deaths=0.3)
    assert plain(one) == plain(three) == expected(values)
    assert sorted(one.value for one in three.onward) == sorted(stream)


@settings(max_examples=30)
@given(values=STREAMS, seed=st.integers(0, 2**32))
def test_without_cancellations_nothing_is_ever_withdrawn_and_no_pair_told_twice(values, seed):
    values = [value for value in values if b"credit_note" not in value]
    three = ran(values, partitions=3, seed=seed, deaths=0.3)
    keys = [key for key, _ in three.matches]
    assert len(keys) == len(set(keys)) == len(three.in_force())


def test_a_party_that_was_replaced_is_found_across_partitions():
    changed = orjson.loads(a_request("fr-2", 1.0))
    changed["buyer"] = OTHER_BUYER
    for seed in range(8):
        installation = ran([a_request(), orjson.dumps(changed)], partitions=3, seed=seed, deaths=0.3)
        assert plain(installation) == {("fr-1", 0, "fr-2", 0, "other_party")}


def asked(installation, document, partitions=None):
    held = {at: installation._step(("document-claims", at)) for at in range(installation.partitions)}
    steps = held if partitions is None else {at: held[at] for at in partitions}
    return answer(read_in_hand(document), PRINTS, installation.partitions, steps.get)


def test_a_document_in_hand_was_financed_before_or_was_not_and_asking_leaves_no_trace():
    installation = ran([a_request(number="INV-1017")], partitions=3)
    in_hand = {"issue_date": "2023-11-10", "due_date": "2024-01-31", "amount_minor": 11_250_001}
    same, near, other = (
        supply_chain_bytes("invoice", document_number=number, **in_hand) for number in ("INV 1017", "INV-1011", "X-7")
    )
    for _ in range(2):
        (finding,) = asked(installation, same).findings
        assert (finding.event.event_id, finding.event.financier, finding.rule) == ("fr-1", "F1", "exact")
        assert [one.rule for one in asked(installation, near).findings] == ["edited_number"]
    changed = {**in_hand, "amount_minor": 5_000_000}
    assert asked(installation, supply_chain_bytes("invoice", document_number="X-7", **changed)).findings == []
    assert [one.rule for one in asked(installation, other).findings] == ["renumbered"]


def test_a_request_in_hand_finds_itself_in_the_ledger():
    installation = ran([a_request()])
    assert [one.event.event_id for one in asked(installation, a_request()).findings] == ["fr-1"]


def test_an_answer_says_which_partitions_were_not_asked():
    installation = ran([a_request()], partitions=3)
    assert asked(installation, a_request(), partitions=[]).unasked_partitions
    assert asked(installation, a_request()).unasked_partitions == []


def test_a_document_that_cannot_be_read_or_is_none_is_refused():
    assert read_in_hand(b"{").reason == "unreadable"
    assert read_in_hand(supply_chain_bytes("default_notice")).words == (
        "type default_notice names no document that is financed"
    )


def test_a_document_in_hand_may_be_of_any_line():
    assert read_in_hand(supply_chain_bytes(line="elsewhere")) == read_in_hand(supply_chain_bytes(line=None))
