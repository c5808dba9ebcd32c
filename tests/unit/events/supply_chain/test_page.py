"""The page on supply-chain events says what the code does."""

import re
from pathlib import Path

import pytest

from stream.events.supply_chain.canonical_roles import as_transaction
from stream.events.supply_chain.decode import Rejection, decode_supply_chain
from stream.events.supply_chain.document import DocumentReference
from stream.events.supply_chain.financed_document import FinancedDocument
from stream.events.supply_chain.party import Party
from stream.events.supply_chain.quantity import Quantity
from stream.events.supply_chain.supply_chain_event import EVENT_TYPES
from stream.events.supply_chain.unit_code import UNITS

PAGE = (Path(__file__).parents[4] / "docs" / "supply_chain.md").read_text()
EXAMPLES = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
ROWS = re.findall(r"^\| `([\w.]+)` \|", PAGE, re.MULTILINE)


def test_the_page_has_an_example_of_every_type():
    found = [decode_supply_chain(example.encode(), "copper-finance") for example in EXAMPLES]
    assert [one if isinstance(one, Rejection) else one.type for one in found] == list(EVENT_TYPES)


def test_the_page_has_a_row_for_every_type_and_every_field_and_for_nothing_else():
    own = [name for model in (*EVENT_TYPES.values(), Party, Quantity) for name in model.model_fields]
    inner = [f"references.{name}" for name in DocumentReference.model_fields]
    financed = [
        f"financed.{name}" for name in FinancedDocument.model_fields if name not in DocumentReference.model_fields
    ]
    assert set(ROWS) == {*EVENT_TYPES, *own, *inner, *financed}


def test_the_page_has_every_unit():
    assert set(re.findall(r"`([A-Z0-9]{2,3})`", PAGE.split("Units, ")[1].split("##")[0])) == set(UNITS)


@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_the_page_says_who_issues_a_document_and_whose_roles_are_scored(kind):
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{kind}` |"))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    event = decode_supply_chain(EXAMPLES[list(EVENT_TYPES).index(kind)].encode(), "copper-finance")
    assert not isinstance(event, Rejection)
    assert cells[2] == event.issued_by
    subject, counterparty = cells[4].split(";")[0].split(", ")
    found = as_transaction(event)
    assert (event.parties[subject].id, event.parties[counterparty].id) == (found.subject, found.counterparty)
