"""Keeps linear algebra on one core."""

from threadpoolctl import threadpool_limits


def use_one_core() -> None:
    """Limit all loaded numeric libraries to one thread.

    Arrays here are small: with as many threads as cores an adaptation took three times as
    long on two idle cores, and more on busy ones. And sums no longer depend on the machine.
    """
    threadpool_limits(1)
