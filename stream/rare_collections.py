"""Lets the garbage collector run rarely."""

import gc

_YOUNG_OBJECTS = 100_000
_COLLECTIONS_OF_OLDER = 20


def collect_rarely() -> None:
    """Leave what is there by now out of all collections, and collect after 100,000 new objects instead of 700.

    A micro-batch makes thousands of records, columns and events at once, all freed by their reference
    counts when it is done; looking for cycles among them, and each time among all that a worker imported,
    was a tenth of an event. Cycles (of tasks and their errors) are still found.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, _COLLECTIONS_OF_OLDER, _COLLECTIONS_OF_OLDER)
