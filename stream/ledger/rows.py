"""How the ledger holds a document: a row of hashes and numbers, and marks beside it by the route.

Two routes lead to a document. By its **pair** of parties, in whatever order, come those whose number, dates or amount
were edited; by its **number**, amount and currency come those whose parties were.
"""

from enum import IntEnum

import numpy as np

ROW = np.dtype([
    ("pair", "<u8"),  # of the type and the two parties' identities, in no order
    ("number", "<u8"),  # of type and number; by number: of type, number, amount and currency
    ("financier", "<u8"),
    ("event0", "<u8"),  # the event's code, 24 bytes in the order of bytes
    ("event1", "<u8"),
    ("event2", "<u8"),
    ("occurred_at_s", "<f8"),
    ("amount_minor", "<i8"),  # UNKNOWN where it is not told
    ("part_minor", "<i8"),  # WHOLE where nothing is declared
    ("issue_day", "<i4"),  # days of the epoch, NO_DAY where it is not told
    ("due_day", "<i4"),
    ("currency", "<u2"),
    ("position", "<u2"),
    ("kind", "u1"),
    ("flags", "u1"),
    ("tail", "u1"),  # where the number stands in its sequence, shifted by a secret of the pair; NO_TAIL without
])  # fmt: skip

UNKNOWN = WHOLE = -1
NO_DAY = -(2**31)
NO_TAIL = 255
TAIL_MODULUS = 251

# Flags.
SWAPPED, LONG, TELLING = 1, 2, 4


class Route(IntEnum):
    """By what documents meet."""

    PAIR = 0
    NUMBER = 1


# Of a pair: the number without what marks it as a part, then without one character each, the last ones first.
DELETIONS = 12
# Of a number: name and identifier of both parties. 0 is none.
MARKS = {Route.PAIR: 1 + DELETIONS, Route.NUMBER: 4}
# How many lists a document stands in.
LINKS = {Route.PAIR: 3, Route.NUMBER: 1}
