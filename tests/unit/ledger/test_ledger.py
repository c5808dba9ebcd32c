"""Which documents are one financed twice, and which only look so."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import permutations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.errors import ForeshotError
from stream.events.supply_chain.party import Party
from stream.ledger.claim import Kind
from stream.ledger.fingerprint import Fingerprints, event_of
from stream.ledger.ledger import Ledger, keys_of
from stream.ledger.rows import Route
from stream.ledger.rules import Rule
from stream.ledger.terms import Terms
from tests.builders.claims import ACME, CABLE, a_cancellation, a_claim
from tests.unit.ledger.ledger_oracle import in_force

PRINTS = Fingerprints(b"a key for tests.")
TERMS = Terms(retention_days=60, assumed_tenor_days=30, cancellation_days=400, lateness_days=5000)


def name_of(row):
    code = b"".join(int(row[name][0]).to_bytes(8, "big") for name in ("event0", "event1", "event2"))
    return event_of(code), int(row["position"][0])


def told(changes):
    return [(*name_of(one.earlier), *name_of(one.later), one.rule, one.withdrawn) for one in changes]


def taken(claims, ledgers=None):
    """Return the pairs in force after all claims, each checked to be reported and withdrawn in turn."""
    ledgers = ledgers or {route: Ledger(route, TERMS) for route in Route}
    force = set()
    for route, documents in PRINTS.of(claims).items():
        for *pair, withdrawn in told(ledgers[route].take(documents)):
            assert (tuple(pair) in force) is withdrawn
            (force.remove if withdrawn else force.add)(tuple(pair))
    return force


def rules(*claims):
    return sorted(rule for *_, rule in taken(list(claims)))


def again(**changed):
    return a_claim("fr-2", 3.0, **{"financier": "F2", **changed})


DAYS = timedelta(days=1)


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({}, Rule.EXACT),
        ({"number": " inv 1017"}, Rule.EXACT),
        ({"number": "INV-001017"}, Rule.EXACT),
        ({"seller": Party(id="x", name="ACME METALS, S.A.")}, Rule.EXACT),
        ({"seller": CABLE, "buyer": ACME}, Rule.EXACT),
        ({"amount_minor": None, "issue_date": None, "due_date": None}, Rule.EXACT),
        ({"issue_date": date(2023, 12, 20)}, Rule.SHIFTED_DATE),
        ({"due_date": date(2024, 3, 20)}, Rule.SHIFTED_DATE),
        ({"amount_minor": 1_200_000}, Rule.OTHER_AMOUNT),
        ({"amount_minor": 600_000}, Rule.OTHER_AMOUNT),
        ({"currency": "USD"}, Rule.OTHER_AMOUNT),
        ({"amount_minor": 1_200_000, "issue_date": date(2023, 11, 12)}, Rule.SAME_NUMBER),
        ({"number": "INV-1317"}, Rule.EDITED_NUMBER),
        ({"number": "INV-107"}, Rule.EDITED_NUMBER),
        ({"number": "INV-10517"}, Rule.EDITED_NUMBER),
        ({"number": "INV-0117"}, Rule.EDITED_NUMBER),
        ({"number": "INV-1017/1", "amount_minor": 600_000}, Rule.EXTENDED_NUMBER),
        ({"number": "INV-1017-01", "amount_minor": 600_000}, Rule.EXTENDED_NUMBER),
        ({"number": "INV-1017B", "amount_minor": 600_000}, Rule.EXTENDED_NUMBER),
        ({"number": "INV-1017B"}, Rule.EDITED_NUMBER),
        ({"number": "AB 2291"}, Rule.RENUMBERED),
        ({"buyer": Party(id="B9", name="Pier Stores")}, Rule.OTHER_PARTY),
        ({"seller": Party(id="S9", name="Alu"), "buyer": Party(id="B9", name="Pier")}, Rule.OTHER_PARTIES),
    ],
)  # fmt: skip
def test_a_document_financed_again_is_found_however_it_was_edited(changed, rule):
    assert rules(a_claim(), again(**changed)) == [rule]
    assert rules(again(**changed), a_claim()) == [rule]


def test_a_name_is_found_again_in_another_script_and_by_another_way_of_writing_it():
    for name in ("ООО «Яковлев и Юшкин»", "Yakovlev i Yushkin LLC", "Jakowlew i Juschkin GmbH", "JAKOVLEV I JUŠKIN"):
        changed = {"seller": Party(id=name[:5], name=name)}
        assert rules(a_claim(seller=Party(id="S", name="Яковлев и Юшкин")), again(**changed)) == [Rule.EXACT]


@pytest.mark.parametrize(
    "changed",
    [
        {"number": "INV-1018"},  # twins: two deliveries of a day, one after another
        {"number": "INV-1317", "amount_minor": 5_555_555},
        {"number": "INV-1317", "issue_date": date(2023, 11, 11)},
        {"number": "AB 2291", "due_date": date(2024, 1, 11)},
        {"number": "INV-10171", "amount_minor": 600_000},  # a later number of a long sequence
        {"issue_date": date(2024, 11, 10), "due_date": date(2025, 1, 10)},  # numbers that begin anew each year
        {"type": "purchase_order"},
        {"buyer": Party(id="B9", name="Pier Stores"), "issue_date": date(2023, 11, 12)},
        {"seller": CABLE, "buyer": ACME, "amount_minor": 5_555_555},
        {"kind": Kind.ASSIGNMENT, "financier": "F1"},  # what was asked for is made over
    ],
)
def test_another_document_is_not_the_same(changed):
    assert rules(a_claim(), again(**changed)) == []


def test_equal_round_amounts_of_one_day_under_other_numbers_are_two_documents():
    changed = {"amount_minor": 1_000_000}
    assert rules(a_claim(**changed), again(number="AB 2291", **changed)) == []


def test_a_request_sent_twice_is_one():
    assert rules(a_claim(), a_claim(), a_claim()) == []


def test_one_request_that_names_a_document_twice_is_found():
    assert rules(a_claim(), a_claim(position=1)) == [Rule.EXACT]


def parts(*shares, **changed):
    return [
        a_claim(f"fr-{at}", float(at), financier=f"F{at}", amount_minor=900, part_minor=part, **changed)
        for at, part in enumerate(shares)
    ]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_parts_are_legal_together_up_to_the_whole_in_whatever_order_they_come(order):
    legal, too_much = parts(300, 300, 300), parts(300, 300, 301)
    assert taken([legal[at] for at in order]) == set()
    assert taken([too_much[at] for at in order]) == {
        ("fr-0", 0, "fr-2", 0, Rule.EXACT),
        ("fr-1", 0, "fr-2", 0, Rule.EXACT),
    }


@pytest.mark.timeout(60)  # it took minutes where each part was weighed anew for each pair of the others
def test_hundreds_of_parts_of_one_document_are_weighed_though_the_latest_comes_first():
    claims = [a_claim(f"fr-{at:03}", at / 1_000, financier=f"F{at}", amount_minor=200, part_minor=1)
              for at in range(256)]  # fmt: skip
    found = taken(claims[::-1])
    assert {int(later.removeprefix("fr-")) for _, _, later, *_ in found} == {*range(200, 256)}
    assert len(found) == sum(range(200, 256))


def test_a_part_beside_the_whole_is_too_much():
    assert rules(a_claim(amount_minor=900), again(amount_minor=900, part_minor=1)) == [Rule.EXACT]


def test_a_part_is_asked_for_and_made_over_as_one():
    asked = parts(450, 450)
    made_over = [replace(one, event_id=f"a-{at}", kind=Kind.ASSIGNMENT, occurred_at_s=one.occurred_at_s + 5e5)
                 for at, one in enumerate(asked)]  # fmt: skip
    assert taken([*asked, *made_over]) == set()


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_what_was_cancelled_may_be_issued_and_financed_again(order):
    for number in ("INV-1017", "INV-1317", "INV-1017A"):
        claims = [a_claim(), a_cancellation(), again(number=number)]
        assert taken([claims[at] for at in order]) == set()


@pytest.mark.parametrize(
    "changed",
    [{"day": 4.0}, {"day": -1.0}, {"amount_minor": 100}, {"number": "INV-1018"}, {"currency": "USD"}],
)
def test_a_cancellation_afterwards_or_before_or_of_less_or_of_another_changes_nothing(changed):
    assert rules(a_claim(), a_cancellation(**changed), again()) == [Rule.EXACT]


def test_a_cancellation_counts_where_a_party_was_replaced_too():
    other = again(buyer=Party(id="B9", name="Pier Stores"))
    assert rules(a_claim(), other) == [Rule.OTHER_PARTY]
    assert rules(a_claim(), other, a_cancellation()) == []


def test_a_document_is_forgotten_after_its_day_of_payment_and_the_retention():
    due = 1.7e9 + 55 * 86_400.0  # 2024-01-10 with the time of day of the first claim
    last, late = (replace(again(), occurred_at_s=due + days * 86_400.0) for days in (60, 63))
    assert rules(a_claim(), last) == [Rule.EXACT]
    assert rules(a_claim(), late) == []


def test_what_is_forgotten_leaves_the_memory_and_the_changelog():
    ledger = Ledger(Route.PAIR, Terms(retention_days=60, lateness_days=7))
    ledger.take(PRINTS.of([a_claim()])[Route.PAIR])
    first = dict(ledger.drain_changes())
    ledger.take(PRINTS.of([a_claim("fr-9", 200.0, number="X 9")])[Route.PAIR])
    assert len(ledger) == 1
    gone = [key for key, value in ledger.drain_changes() if value is None]
    assert len(gone) == 1
    assert gone[0] in first


def test_beyond_its_bound_a_ledger_forgets_what_would_be_forgotten_soonest_whatever_the_batches():
    claims = [a_claim(f"fr-{at}", number=f"N-{at}00", due_date=date(2024, 1, 1) + (at * 7 % 50) * DAYS)
              for at in range(50)]  # fmt: skip
    one, many = (Ledger(Route.PAIR, TERMS, max_documents=20) for _ in range(2))
    one.take(PRINTS.of(claims)[Route.PAIR])
    for claim in claims:
        many.take(PRINTS.of([claim])[Route.PAIR])
    assert len(one) <= 20
    assert sorted(one.drain_changes(), key=str) == sorted(many.drain_changes(), key=str)


@given(days=st.lists(st.integers(0, 3), min_size=70, max_size=90), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_a_full_ledger_forgets_by_last_day_and_then_by_key(days, seed):
    chance = Random(seed)
    claims = [a_claim(f"{chance.choice(('', 'one-event-of-many-'))}{chance.randrange(2**20)}-{at}", position=at % 3,
              number=f"N-{at * 37}", due_date=date(2024, 1, 1) + day * DAYS)
              for at, day in enumerate(days)]  # fmt: skip
    documents = PRINTS.of(claims[:64])[Route.PAIR]
    ledger = Ledger(Route.PAIR, TERMS, max_documents=64)
    ledger.take(documents)
    held = dict(zip(keys_of(documents.rows), days, strict=False))
    assert {*dict(ledger.drain_changes())} - {b"\0newest"} == {*held}
    for claim, day in zip(claims[64:], days[64:], strict=True):
        coming = PRINTS.of([claim])[Route.PAIR]
        ledger.take(coming)
        gone = min(held, key=lambda key: (held[key], key))
        del held[gone]
        held[keys_of(coming.rows)[0]] = day
        assert [key for key, value in ledger.drain_changes() if value is None] == [gone]


def test_asking_finds_what_taking_would_and_remembers_nothing():
    ledger = Ledger(Route.PAIR, TERMS)
    ledger.take(PRINTS.of([a_claim()])[Route.PAIR])
    ledger.drain_changes()
    for _ in range(3):
        assert [rule for *_, rule, _ in told(ledger.ask(PRINTS.of([again()])[Route.PAIR]))] == [Rule.EXACT]
    assert len(ledger) == 1
    assert ledger.drain_changes() == []


def test_a_changelog_of_another_version_is_refused():
    with pytest.raises(ForeshotError, match="another version"):
        Ledger(Route.PAIR, TERMS).restore([(b"key", b"short")])


def test_a_changelog_comes_back_in_runs_with_what_was_forgotten_between():
    terms = Terms(retention_days=60, lateness_days=7)
    former, back = Ledger(Route.PAIR, terms), Ledger(Route.PAIR, terms)
    log = []
    for at in range(12):
        former.take(PRINTS.of([a_claim(f"fr-{at}", 30.0 * at, number=f"N-{at}00", due_date=None)])[Route.PAIR])
        log += former.drain_changes()
    assert 0 < len(former) < 12
    for at in range(0, len(log), 3):
        back.restore(log[at : at + 3])
    back.restore(log)
    assert len(back) == len(former)
    asked = PRINTS.of([again(number=f"N-{at}00", due_date=None, occurred_at_s=1.73e9) for at in range(12)])[Route.PAIR]
    assert [told([one])[0][:5] for one in back.ask(asked)] == [told([one])[0][:5] for one in former.ask(asked)]
    assert len(back.ask(asked)) > 0


def test_nothing_that_is_kept_holds_a_number_a_name_or_an_identifier():
    ledgers = {route: Ledger(route, TERMS) for route in Route}
    taken([a_claim(financier="Financier-77")], ledgers)
    kept = b"".join(key + (value or b"") for ledger in ledgers.values() for key, value in ledger.drain_changes())
    for plain in (b"1017", b"Acme", b"ACME", b"CABLE", b"S1\0", b"B1\0", b"Financier"):
        assert plain not in kept
    assert b"fr-1"[::-1] in kept  # the event's own identifier is kept


def test_another_key_gives_other_hashes():
    mine, other = (Fingerprints(key).of([a_claim()])[Route.PAIR] for key in (b"k" * 16, b"l" * 16))
    assert not set(mine.marks[0].tolist()) & set(other.marks[0].tolist()) - {0}
    assert {*mine.rows[["pair", "number"]][0]}.isdisjoint({*other.rows[["pair", "number"]][0]})


def mostly(usual, *others):
    """Return the usual value so often that documents meet."""
    return st.sampled_from([usual] * (3 * len(others)) + list(others))


OTHER_PARTIES = [ACME, CABLE, Party(id="S1", name="Other"), Party(id="B2", name="Cable-Works"), Party(id="B2")]
OTHER_NUMBERS = ["INV-1018", "INV-1117", "INV-101", "INV-01017", "INV-1017A", "INV-1017-01", "7", "8", "17"]
OTHER_DAYS = [None, date(2023, 11, 12), date(2023, 12, 25), date(2024, 2, 1)]
CLAIMS = st.builds(
    a_claim,
    event_id=st.sampled_from([f"e{at}" for at in range(40)]),
    day=st.sampled_from([0.0, 1.0, 2.0, 30.0, 110.0, 130.0, 140.0]),
    position=st.sampled_from([0, 0, 1]),
    kind=mostly(Kind.REQUEST, Kind.ASSIGNMENT, Kind.CANCELLATION),
    financier=st.sampled_from(["F1", "F2", "F3"]),
    number=mostly("INV-1017", *OTHER_NUMBERS),
    seller=mostly(ACME, *OTHER_PARTIES),
    buyer=mostly(CABLE, *OTHER_PARTIES),
    currency=mostly("EUR", "USD"),
    amount_minor=mostly(900, None, 870, 10_000),
    issue_date=mostly(date(2023, 11, 10), *OTHER_DAYS),
    due_date=mostly(date(2024, 1, 10), *OTHER_DAYS),
    part_minor=st.sampled_from([None, None, 300, 450]),
)
FEW = st.lists(CLAIMS, min_size=2, max_size=10, unique_by=lambda one: (one.event_id, one.position))


@given(claims=FEW, seed=st.randoms(use_true_random=False))
def test_what_is_in_force_is_what_plain_python_finds_in_whatever_order(claims, seed):
    expected = in_force(claims, TERMS)
    assert taken(claims) == expected
    seed.shuffle(claims)
    assert taken(claims) == expected


@given(claims=FEW, cut=st.integers(1, 6))
def test_a_ledger_that_came_back_goes_on_as_the_former_would_have(claims, cut):
    whole = {route: Ledger(route, TERMS) for route in Route}
    former = {route: Ledger(route, TERMS) for route in Route}
    back = {route: Ledger(route, TERMS) for route in Route}
    for route, documents in PRINTS.of(claims[:cut]).items():
        whole[route].take(documents)
        former[route].take(documents)
        back[route].restore(former[route].drain_changes())
    for route, documents in PRINTS.of(claims[cut:]).items():
        assert told(back[route].take(documents)) == told(whole[route].take(documents))
