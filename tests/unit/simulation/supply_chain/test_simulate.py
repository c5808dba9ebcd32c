from collections import defaultdict
from datetime import date

import orjson
import pytest

from stream.events.supply_chain.canonical_roles import as_transaction
from stream.events.supply_chain.decode import Rejection, decode_supply_chain
from stream.events.supply_chain.supply_chain_event import EVENT_TYPES
from stream.simulation.cards import START_S
from stream.simulation.supply_chain.behaviours import FAMILIES
from stream.simulation.supply_chain.line_profile import KINDS
from stream.simulation.supply_chain.role_row import role_row
from stream.simulation.supply_chain.simulate import simulate_supply_chain
from tests.builders.economy import a_line, a_mixed_line

DAYS = 150


@pytest.fixture(scope="module")
def simulated():
    return simulate_supply_chain([a_mixed_line(kind) for kind in KINDS], DAYS, 1)


def decoded(document):
    return decode_supply_chain(orjson.dumps(document), document["line"])


def test_every_document_is_taken_and_every_type_is_there(simulated):
    found = [decoded(one) for one in simulated.documents]
    assert [one for one in found if isinstance(one, Rejection)] == []
    assert {one.type for one in found} == {*EVENT_TYPES}


def test_plain_rows_have_the_roles_that_the_stream_gives_their_documents(simulated):
    for document in simulated.documents[::7]:
        assert role_row(document) == {
            name: getattr(as_transaction(decoded(document)), name) for name in role_row(document)
        }


def test_the_same_seed_makes_the_same_bytes_and_another_one_others():
    lines = [a_mixed_line("factoring"), a_mixed_line("warehouse_receipts")]
    first, again, other = (simulate_supply_chain(lines, 60, seed) for seed in (1, 1, 2))
    assert orjson.dumps(first.documents) == orjson.dumps(again.documents) != orjson.dumps(other.documents)
    assert first.origins == again.origins


def test_documents_come_in_event_time_order_and_each_id_once(simulated):
    times = [one["occurred_at_s"] for one in simulated.documents]
    assert times == sorted(times)
    assert times[-1] - times[0] < DAYS * 86_400
    assert len({one["event_id"] for one in simulated.documents}) == len(times)


def test_no_document_says_a_word_of_the_truth(simulated):
    names = {"behaviour", "scheme", "fraud", "is_fraud", "loss_minor", *FAMILIES}
    whole = orjson.dumps(simulated.documents).decode()
    assert not [name for name in names if f'"{name}"' in whole]


def test_a_document_comes_when_its_day_has_begun_and_not_before(simulated):
    lags = [decoded(one).occurred_at_s // 86_400 - _epoch_day(one["issue_date"]) for one in simulated.documents[::11]]
    assert min(lags) == 0
    assert 0.5 < lags.count(0) / len(lags) < 0.95


def test_what_a_document_names_is_there_or_came_before_the_first_day(simulated):
    known = {(one["type"], one["document_number"], _issuer(one)) for one in simulated.documents}
    late = [one for one in simulated.documents if one["occurred_at_s"] > simulated.documents[-1]["occurred_at_s"] - 3e6]
    named = [reference for one in late for reference in one.get("references", [])]
    there = [(one["type"], one["number"], one["issuer"]) in known for one in named]
    assert sum(there) > 0.6 * len(there)


def test_honest_trade_does_not_depend_on_the_frauds_and_decoys_of_its_line():
    def bare(line):
        made = simulate_supply_chain([line], 60, 4)
        return sorted(
            orjson.dumps({name: one[name] for name in ("type", "occurred_at_s", "issue_date", "seller")})
            for one, origin in zip(made.documents, made.origins, strict=True)
            if not origin.behaviour
        )

    mixed = a_mixed_line("factoring")
    assert bare(mixed) == bare(a_line("factoring"))


def test_a_season_moves_trade_and_a_weekend_stills_it(simulated):
    weekdays = [int(one["occurred_at_s"] // 86_400 + 3) % 7 for one in simulated.documents]
    assert max(weekdays.count(5), weekdays.count(6)) < 0.4 * weekdays.count(2)


def _epoch_day(day):
    return (date.fromisoformat(day) - date(1970, 1, 1)).days


def _issuer(document):
    return document[EVENT_TYPES[document["type"]].issued_by]["id"]


def says(paper):
    """Return what a paper says that a request on it tells again."""
    return {name: paper[name] for name in ("amount_minor", "currency", "issue_date", "due_date") if name in paper}


def test_requests_that_tell_what_they_finance_say_what_the_document_says():
    start_s = START_S - 7 * 86_400
    told = simulate_supply_chain([a_mixed_line("factoring")], 90, 2, start_s, told=True).documents
    papers = defaultdict(list)
    for one in told:
        papers[one["type"], one["document_number"], one.get("seller", {}).get("id")].append(one)
    named = [(one, document) for document in told for one in document.get("financed", [])]
    known = [(one, found) for one, _ in named if (found := papers[one["type"], one["number"], one["issuer"]])]
    assert len(known) > 100
    assert {document["type"] for _, document in named} == {"financing_request", "assignment"}
    for one, found in known:
        # A copy may bear its original's number.
        assert any(says(paper).items() <= one.items() for paper in found)
    parts = [one for one, _ in named if "instalment_minor" in one]
    assert parts
    assert all(one["instalment_minor"] <= one["amount_minor"] for one in parts)
    assert not any(isinstance(decoded(one), Rejection) for one in told)
    plain = simulate_supply_chain([a_mixed_line("factoring")], 90, 2, start_s).documents
    assert [{name: value for name, value in one.items() if name != "financed"} for one in told] == plain


def test_dates_follow_the_start():
    first, later = (
        simulate_supply_chain([a_line("factoring")], 40, 2, START_S + weeks * 7 * 86_400, told=True).documents
        for weeks in (0, 60)
    )
    for one, moved in zip(first, later, strict=True):
        for at, then in ((one, moved), *zip(one.get("financed", []), moved.get("financed", []), strict=True)):
            for name in ("issue_date", "due_date"):
                if name in at:
                    assert _epoch_day(then[name]) - _epoch_day(at[name]) == 420
