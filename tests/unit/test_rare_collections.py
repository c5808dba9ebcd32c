"""Garbage is collected rarely, and still is."""

import subprocess
import sys

CHECK = """
import gc, weakref
from stream.rare_collections import collect_rarely
collect_rarely()
assert gc.isenabled() and gc.get_freeze_count() > 100 and gc.get_threshold()[0] >= 100_000

class Knot:
    pass

def tie():
    knot = Knot()
    knot.itself = knot
    return weakref.ref(knot)

seen = tie()
kept = [[] for _ in range(300_000)]
assert seen() is None
"""


def test_a_cycle_made_after_the_start_is_found_in_the_end_and_what_was_there_before_is_left_out():
    subprocess.run([sys.executable, "-c", CHECK], check=True)
