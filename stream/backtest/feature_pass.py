"""Features of history as they would have been made live, labels in the risk only when known."""

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from stream.events.business_line import BusinessLine
from stream.events.event_batch import EventBatch, take_rows
from stream.events.history import History, documents_at
from stream.events.history_steps import Step, steps_of
from stream.features.counterparty import CounterpartyBatch, CounterpartyState, observe
from stream.features.profile_state import ProfileState, profile_events
from stream.features.specification import specification_of


def features_of(
    history: History, advance: Callable[[int], None]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """Return every event's feature vector.

    Args:
        history: Events in event-time order.
        advance: Told how many events each step had, for a progress bar.

    Returns:
        float32 [n, features], and which events are no repeats, bool [n].
    """
    specification = specification_of(history.lines.values())
    first_hop, counterparties = ProfileState(specification), CounterpartyState()
    width = specification.profiled_width
    features = np.zeros((len(history.batch), len(specification.features)), np.float32)
    fresh = np.ones(len(history.batch), np.bool_)
    for step in steps_of(history):
        if len(step.events):
            batch = take_rows(history.batch, step.events)
            own, repeated = profile_events(first_hop, batch, documents_at(history, step.events))
            kept = step.events[~repeated]
            fresh[step.events[repeated]] = False
            features[kept, :width] = own[~repeated]
            chosen = take_rows(history.batch, kept)
            features[kept, width:] = observe(counterparties, _events(chosen, history.lines))
        if len(step.labels):
            observe(counterparties, _risk_updates(history, step))
        advance(len(step.events))
    return features, fresh


def _delays(lines: list[str], declared: Mapping[str, BusinessLine]) -> npt.NDArray[np.float64]:
    return np.array([declared[line].label_delay_s for line in lines], np.float64)


def _events(batch: EventBatch, lines: Mapping[str, BusinessLine]) -> CounterpartyBatch:
    return CounterpartyBatch(
        line=batch.line,
        counterparty=batch.counterparty,
        occurred_at_s=batch.occurred_at_s,
        amount=batch.amount,
        fraud_delta=np.zeros(len(batch)),
        delay_s=_delays(batch.line, lines),
    )


def _risk_updates(history: History, step: Step) -> CounterpartyBatch:
    batch = take_rows(history.batch, step.labels)
    return CounterpartyBatch(
        line=batch.line,
        counterparty=batch.counterparty,
        occurred_at_s=batch.occurred_at_s,
        amount=np.zeros(len(batch)),
        fraud_delta=np.ones(len(batch)),
        delay_s=_delays(batch.line, history.lines),
    )
