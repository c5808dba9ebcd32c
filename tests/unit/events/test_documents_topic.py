"""Topics of documents: of which line one is, and that the profile reads it in its roles."""

import numpy as np
import pytest

from stream.clock import FixedClock
from stream.events.decode import Decoder
from stream.events.documents_topic import DocumentsTopic
from stream.events.supply_chain.decode import Rejection
from tests.builders.events import NOON_S, a_line, a_record, an_event
from tests.builders.supply_chain import (
    LINE,
    a_documents_line,
    a_financing_request,
    supply_chain_bytes,
    supply_chain_fields,
)

CLOCK = FixedClock(NOON_S)
ONE = [a_documents_line()]
TWO = [*ONE, a_documents_line(line="orders", max_future="1d")]


def read(lines, value, **given):
    found = DocumentsTopic(lines, CLOCK, **given).read(value)
    return (found.reason, found.field) if isinstance(found, Rejection) else found.line


@pytest.mark.parametrize(
    ("lines", "named", "expected"),
    [
        (ONE, LINE, LINE),
        (ONE, None, LINE),
        (ONE, "orders", ("unknown_line", "line")),
        (TWO, "orders", "orders"),
        (TWO, None, ("missing_field", "line")),
        (TWO, "nobody", ("unknown_line", "line")),
        (TWO, 5, ("wrong_type", "line")),
    ],
)
def test_a_document_names_its_line_or_is_of_the_only_one(lines, named, expected):
    assert read(lines, supply_chain_bytes(line=named)) == expected


@pytest.mark.parametrize(("line", "expected"), [(LINE, ("far_future", "occurred_at_s")), ("orders", "orders")])
def test_each_line_says_how_far_in_the_future_its_documents_may_lie(line, expected):
    assert read(TWO, supply_chain_bytes(line=line, occurred_at_s=NOON_S + 3_600)) == expected


@pytest.mark.parametrize(("value", "reason"), [(None, "unreadable"), (b"{", "unreadable"), (b" " * 99, "oversized")])
def test_what_is_no_document_is_refused_with_its_reason(value, reason):
    assert read(ONE, value, max_bytes=64) == (reason, None)


@pytest.mark.parametrize("topic", ["copper-documents", "copper-documents-rekeyed"])
def test_documents_are_decoded_as_they_are_and_in_their_roles_beside_lines_of_other_topics(topic):
    decoder = Decoder({one.name: one for one in (*ONE, a_line())}, CLOCK)
    records = [a_record(supply_chain_fields("financing_request"), 0, topic), a_record(b"{", 1, topic)]
    found = decoder.decode_documents(records)
    batch = found.batch
    assert (batch.line, batch.subject, batch.counterparty) == ([LINE], ["S1"], ["B1"])
    np.testing.assert_array_equal(batch.amount_minor, [11_250_000])
    assert found.documents == [a_financing_request()]
    assert found.records == records[:1]
    assert [(one.record.offset, one.reason) for one in found.rejected] == [(1, "unreadable")]
    assert (decoder.reads_documents(topic), decoder.reads_documents("payments")) == (True, False)
    assert decoder.decode([a_record(an_event(), 2)])[0].subject == ["c1"]
