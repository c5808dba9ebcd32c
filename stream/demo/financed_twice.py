"""Which documents the ledgers caught that were financed before, and what an officer reads of one."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from stream.events.scored_event import BY_MATCH, ScoredEvent
from stream.simulation.supply_chain.simulate import Simulated

_FAMILIES = {"double_financing_exact": "as_it_was", "double_financing_near": "as_a_copy"}


def financed_twice(
    scored: Sequence[ScoredEvent], matches: Iterable[tuple[bytes, bytes]], documents: Simulated
) -> dict[str, Any]:
    """Return how many requests on documents that were financed before raised an alert that says so.

    Of a pair the event says it that came to the ledgers second, which may be the honest one. Where an alert is of
    several pairs, all of them count as told.

    Args:
        scored: As scored live.
        matches: Key and value of what `document-matches` holds, in its order.
        documents: What was fed, with the truth of each.
    """
    truth = {
        document["event_id"]: _FAMILIES[origin.behaviour]
        for document, origin in zip(documents.documents, documents.origins, strict=True)
        if origin.is_fraud and origin.behaviour in _FAMILIES
    }
    told = {
        event.event_id: event.reasons[0].text
        for event in scored
        if event.alerted and event.reasons and event.reasons[0].feature.startswith(BY_MATCH)
    }
    words: dict[str, str] = {}
    for earlier, later in _pairs(matches):
        if text := told.get(later, told.get(earlier)):
            words.setdefault(later, text)
    caught = {one: text for one, text in words.items() if one in truth}
    requests, found = Counter(truth.values()), Counter(truth[one] for one in caught)
    return {
        **{how: {"requests": count, "caught": found[how]} for how, count in sorted(requests.items())},
        "others_taken_for_it": len(words.keys() - truth.keys()),
        "a_reason": next((text for one, text in caught.items() if truth[one] == "as_it_was"), None),
    }


def _pairs(matches: Iterable[tuple[bytes, bytes]]) -> Iterable[tuple[str, str]]:
    """Return the events of each pair that is not taken back, the earlier first."""
    force: dict[bytes, tuple[str, str]] = {}
    for key, value in matches:
        match = json.loads(value)
        if match["withdrawn"]:
            force.pop(key, None)
        else:
            force[key] = match["earlier"]["event_id"], match["later"]["event_id"]
    return force.values()
