"""Chooses the parts that documents of supply-chain finance pass before they are profiled, and joins them."""

from stream.events.documents_topic import DocumentsTopic
from stream.features.trade.trade_features import warm_up
from stream.ledger.fingerprint import Fingerprints
from stream.ledger.terms import Terms
from stream.pipelines import effects
from stream.pipelines.claim_document import ClaimStep, FingerprintStep
from stream.transport.stage import Stage
from stream.transport.topics import CLAIM_STATE, REKEYED_SUFFIX, partition_count
from stream.worker_parts import WorkerParts, fingerprints_of

CLAIMS_STAGE = "claims"


def document_stages(parts: WorkerParts, topics: list[str]) -> list[Stage]:
    """Return the stage of the ledgers, and one for each topic of documents.

    Raises:
        UsageError: There is no key for their fingerprints, or it does not fit.
    """
    prints = fingerprints_of(parts.settings)
    warm_up()
    partitions = partition_count(parts.settings, effects.DOCUMENT_CLAIMS)
    onwards = frozenset(topic + REKEYED_SUFFIX for topic in topics)
    return [
        *(_documents_stage(parts, topic, prints, partitions) for topic in topics),
        Stage(
            CLAIMS_STAGE,
            (parts.names.named(effects.DOCUMENT_CLAIMS),),
            CLAIM_STATE,
            lambda partition: ClaimStep(
                partition, partitions, onwards, Terms(), parts.settings.ledger_documents, parts.metrics
            ),
        ),
    ]


def _documents_stage(parts: WorkerParts, topic: str, prints: Fingerprints, partitions: int) -> Stage:
    settings = parts.settings
    lines = [line for line in parts.lines.values() if line.topic == topic]
    documents = DocumentsTopic(lines, parts.clock, settings.max_event_bytes)
    onward, tell = topic + REKEYED_SUFFIX, settings.tell_financiers
    return Stage(
        f"documents-{topic}",
        (parts.names.named(topic),),
        None,
        lambda _: FingerprintStep(documents, onward, prints, partitions, tell_financiers=tell),
    )
