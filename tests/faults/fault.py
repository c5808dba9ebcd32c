"""What a fault is: something done to an installation under load, at an instant."""

from typing import ClassVar


class Fault:
    """One kind of fault. A round is one installation; it suffers up to `per_round` strikes, then is checked.

    Attributes:
        repeats: How many strikes the long form makes.
        workers: Names and roles of the workers.
        settings: That differ from the tests' own.
        events_per_s: Of the load.
        labelled: Share of the frauds that are labelled.
        one_initialisation: Whether all scores can be made again with one initialisation.
    """

    name = ""
    repeats = 1
    per_round = 10
    brokers = 1
    events_per_s = 200
    labelled = 0.2
    one_initialisation = True
    workers: ClassVar[dict[str, str]] = {"s0": "score", "s1": "score", "l0": "learn"}
    settings: ClassVar[dict[str, object]] = {"micro_batch_records": 64}

    def history(self, world):
        """Return the events to send, in the order of their arrival."""
        return world.history

    def set_up(self, site):
        """Make the topics."""
        site.make_topics()

    def begin(self, site, chance):  # noqa: ARG002 - others draw from it
        """Start the workers and wait until they are ready."""
        for name, role in self.workers.items():
            site.spawn(name, role)
        site.all_ready()

    def strike(self, site, chance):
        """Do it once; return what was done and seen, for the report."""
        raise NotImplementedError

    def end(self, site):
        """Put right what must be right before the stream can finish."""
        site.all_ready()

    def problems(self, site):  # noqa: ARG002 - others look at it
        """Return what this fault alone must not leave behind."""
        return []
