import numpy as np
import pyarrow as pa

from stream.simulation.cards import simulate_cards
from stream.simulation.demo_world import TRAINING_LINES, UNSEEN_LINE
from stream.simulation.leak_audit import audit, demo_table


def test_no_single_field_and_no_trivial_rule_tells_the_demos_frauds():
    assert audit(demo_table(days=30)).leaks() == []


def test_a_planted_leak_is_found():
    table = simulate_cards(TRAINING_LINES[:2], 30, 1)
    fraud = table["fraud"].to_numpy() == 1
    cents = np.where(fraud, 7, 0) / 100
    column = table.schema.get_field_index("amount")
    odd = table.set_column(column, "amount", pa.array(np.floor(table["amount"].to_numpy()) + cents))
    assert any("cents_last_digit" in leak for leak in audit(odd).leaks())
    order = np.argsort(fraud, kind="stable")
    assert any("row" in leak for leak in audit(table.take(pa.array(order))).leaks())


def test_the_same_seed_makes_the_same_payments_and_the_unseen_mix_is_in_no_training_line():
    assert simulate_cards([UNSEEN_LINE], 3, 4).equals(simulate_cards([UNSEEN_LINE], 3, 4))
    mixes = [frozenset(line.families) for line in TRAINING_LINES]
    assert frozenset(UNSEEN_LINE.families) not in mixes
