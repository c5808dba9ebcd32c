import pytest

from stream.simulation.leak_audit import MOST_RULE_PRECISION
from stream.simulation.supply_chain.audit_rules import rules_of, together_of
from stream.simulation.supply_chain.audit_world import audit_lines, natural_lines
from stream.simulation.supply_chain.behaviours import FAMILIES
from stream.simulation.supply_chain.leak_audit import IMPLIED, audit
from stream.simulation.supply_chain.simulate import Simulated, simulate_supply_chain


@pytest.fixture(scope="module")
def simulated():
    return simulate_supply_chain(audit_lines(1), 365, 1)


def changed(simulated, change):
    documents = [
        {**one, **change(one)} if origin.is_fraud else one
        for one, origin in zip(simulated.documents, simulated.origins, strict=True)
    ]
    return Simulated(documents, simulated.origins)


def test_no_single_field_tells_a_fraud_beyond_what_its_family_openly_implies(simulated):
    report = audit(simulated)
    assert report.leaks() == []
    assert {*report.acts} == {*FAMILIES}


def planted(one):
    return {
        "amount_minor": one["amount_minor"] // 10 * 10 + 7,
        "document_number": f"{one['document_number']}XX",
        "occurred_at_s": one["occurred_at_s"] // 86_400 * 86_400 + 3_600,
        "purpose": "urgent: a large order of a new customer",
        "event_id": f"00{one['event_id'][2:]}",
        "due_date": "2030-01-01",
        "seller": {**one["seller"], "account": "DE00000000000001"},
    }


def test_planted_leaks_are_found(simulated):
    told = [leak.partition(" alone")[0] for leak in audit(changed(simulated, planted)).leaks()]
    assert {
        "last digit", "number letters", "hour", "words on purpose", "event id", "keys", "tenor", "seller account",
    } <= {*told}  # fmt: skip


def test_frauds_put_last_are_found_by_their_row(simulated):
    rows = sorted(range(len(simulated.documents)), key=lambda row: simulated.origins[row].is_fraud)
    moved = Simulated([simulated.documents[row] for row in rows], [simulated.origins[row] for row in rows])
    assert any(leak.startswith("row alone") for leak in audit(moved).leaks())


def test_no_rule_of_two_thresholds_tells_the_frauds_of_a_line():
    natural = simulate_supply_chain(natural_lines(), 365, 1)
    found = rules_of(natural)
    assert {line: rule for line, rule in found.items() if rule.precision > MOST_RULE_PRECISION} == {}
    assert len(found) == 5


def test_all_fields_of_a_request_together_do_not_tell_frauds_that_imply_nothing(simulated):
    found = together_of(simulated)
    assert {name: value for name, value in found.items() if name not in IMPLIED and value > 0.7} == {}
