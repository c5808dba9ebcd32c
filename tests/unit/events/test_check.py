"""The check of line files against an event shows what the stream would do with it."""

import orjson

from stream.clock import FixedClock
from stream.events.check import check_event
from tests.builders.events import NOON_S, a_line, an_event
from tests.builders.supply_chain import a_documents_line, supply_chain_fields


def check(event, *lines):
    value = event if isinstance(event, bytes) else orjson.dumps(event)
    return check_event(lines or [a_line()], value, FixedClock(NOON_S))


def test_a_usable_event_shows_every_role_with_its_source_and_value():
    place = {"field": "city", "latitude": "geo.lat", "longitude": "geo.lon"}
    line = a_line(roles={"counterparty": {"fields": ["shop", "till"]}, "channel": {"constant": "web"}, "place": place})
    found = check(an_event(till=3, geo={"lat": 1.5, "lon": 2}), line)[0]
    assert found.rejected is None
    assert [(one.role, one.source, one.value, one.problem) for one in found.roles] == [
        ("event_id", "id", "e1", None),
        ("occurred_at", "time (iso8601, UTC)", "2023-11-14T22:13:20+00:00", None),
        ("subject", "card", "c1", None),
        ("counterparty", "shop : till", "s1:3", None),
        ("amount_minor", "amount (major units)", 1234, None),
        ("currency", "the line's own EUR", "EUR", None),
        ("channel", "always 'web'", "web", None),
        ("place", "city", None, None),
        ("latitude", "geo.lat", 1.5, None),
        ("longitude", "geo.lon", 2.0, None),
    ]


def test_all_roles_that_cannot_be_read_are_shown_though_one_decides():
    found = check(an_event(card=True, amount="x"))[0]
    assert found.rejected == {
        "reason": "wrong_type",
        "field": "subject",
        "detail": "field card must be text or a number",
    }
    assert {one.role for one in found.roles if one.problem} == {"subject", "amount_minor"}


def test_a_value_that_can_be_read_and_does_not_fit_has_its_problem():
    found = check(an_event(time="1800-01-01"))[0]
    assert found.rejected is not None
    assert found.rejected["reason"] == "bad_value"
    assert [(one.role, one.value) for one in found.roles if one.problem] == [
        ("occurred_at", "1800-01-01T00:00:00+00:00")
    ]


def test_an_event_from_beyond_the_calendar_is_shown_without_failing():
    line = a_line(roles={"occurred_at": {"field": "time", "format": "epoch_s"}})
    found = check(an_event(time=1e300), line)[0]
    assert found.rejected is not None
    assert found.roles[1].value == "1e+300 s"


def test_an_event_of_another_line_is_told_by_the_field_that_differs():
    lines = [a_line(line=name, match={"kind": name}) for name in ("credit", "debit")]
    credit, debit = check(an_event(kind="debit"), *lines)
    assert (credit.belongs, debit.belongs) == (False, True)
    assert credit.rejected == {
        "reason": "unknown_line",
        "field": "line",
        "detail": "field kind is 'debit'; events of line credit have 'credit'",
    }
    assert debit.rejected is None


def test_what_is_no_event_is_rejected_by_every_line():
    for content in (b"", b"[]", b"\xff", b" " * 70_000):
        found = check(content)[0]
        assert found.rejected is not None
        assert found.rejected["reason"] in ("unreadable", "oversized")
        assert found.roles == ()


def test_the_answer_becomes_json():
    plain = orjson.loads(orjson.dumps(check(an_event())[0].as_json()))
    assert plain["line"] == "cards"
    assert plain["roles"][0] == {"role": "event_id", "source": "id", "value": "e1", "problem": None}


def test_a_document_shows_the_roles_that_it_plays():
    (found,) = check(supply_chain_fields("invoice"), a_documents_line())
    assert (found.belongs, found.rejected) == (True, None)
    roles = {one.role: one.value for one in found.roles}
    assert (roles["subject"], roles["amount_minor"], roles["channel"]) == ("S1", 11_250_000, "invoice")
    assert roles["occurred_at"] == "2023-11-14T22:13:20+00:00"


def test_a_document_of_another_line_or_that_does_not_fit_is_refused_as_the_stream_would():
    (foreign,) = check(supply_chain_fields("invoice", line="orders"), a_documents_line())
    (wrong,) = check(supply_chain_fields("invoice", seller=None), a_documents_line())
    assert (foreign.belongs, foreign.rejected["reason"]) == (False, "unknown_line")
    assert (wrong.belongs, wrong.rejected["reason"], wrong.rejected["field"]) == (True, "missing_field", "seller")
