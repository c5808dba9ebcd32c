"""Chooses the parts that documents of supply-chain finance pass before they are profiled, and joins them."""

from typing import cast

from stream.events.documents_topic import DocumentsTopic
from stream.events.supply_chain.decode import Rejection
from stream.features.trade.trade_features import warm_trade
from stream.ledger.terms import Terms
from stream.pipelines import effects
from stream.pipelines.claim_document import ClaimStep, FingerprintStep
from stream.pipelines.inquiry import Answer, answer, read_in_hand
from stream.pipelines.warm_ledgers import warm_ledgers
from stream.transport.app import StreamWorker
from stream.transport.pages import add_inquiry_page
from stream.transport.stage import Stage
from stream.transport.topics import CLAIM_STATE, REKEYED_SUFFIX
from stream.worker_parts import WorkerParts

CLAIMS_STAGE = "claims"


def document_stages(parts: WorkerParts, topics: list[str]) -> list[Stage]:
    """Return the stage of the ledgers, and one for each topic of documents.

    Raises:
        UsageError: There is no key for their fingerprints, or it does not fit.
    """
    warm_ledgers(parts.prints)
    warm_trade()
    onwards = frozenset(topic + REKEYED_SUFFIX for topic in topics)
    return [
        *(_documents_stage(parts, topic) for topic in topics),
        Stage(
            CLAIMS_STAGE,
            (parts.names.named(effects.DOCUMENT_CLAIMS),),
            CLAIM_STATE,
            lambda partition: _claim_step(parts, onwards, partition),
        ),
    ]


def answer_inquiries(parts: WorkerParts, worker: StreamWorker) -> None:
    """Have a worker say on its web port what its own ledgers know of a document in hand."""

    def step_of(partition: int) -> ClaimStep | None:
        return cast("ClaimStep | None", worker.steps_of(CLAIMS_STAGE).get(partition))

    def ask(document: bytes) -> Answer | Rejection:
        claims = read_in_hand(document)
        if isinstance(claims, Rejection):
            return claims
        return answer(claims, parts.prints, parts.claim_partitions, step_of)

    add_inquiry_page(worker.app, ask)


def _claim_step(parts: WorkerParts, onwards: frozenset[str], partition: int) -> ClaimStep:
    most, tell = parts.settings.ledger_documents, parts.settings.tell_financiers
    return ClaimStep(partition, parts.claim_partitions, onwards, Terms(), most, parts.metrics, tell_financiers=tell)


def _documents_stage(parts: WorkerParts, topic: str) -> Stage:
    settings = parts.settings
    lines = [line for line in parts.lines.values() if line.topic == topic]
    documents = DocumentsTopic(lines, parts.clock, settings.max_event_bytes)
    onward, tell = topic + REKEYED_SUFFIX, settings.tell_financiers
    prints, partitions = parts.prints, parts.claim_partitions
    return Stage(
        f"documents-{topic}",
        (parts.names.named(topic),),
        None,
        lambda _: FingerprintStep(documents, onward, prints, partitions, tell_financiers=tell),
    )
