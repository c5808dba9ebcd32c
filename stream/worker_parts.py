"""What the stages of one worker share."""

from collections.abc import Mapping
from functools import cached_property

from metalearn.checkpoint import Initialisation
from stream.clock import SystemClock
from stream.errors import UsageError
from stream.events.business_line import BusinessLine
from stream.events.pseudonym import Pseudonyms
from stream.features.specification import specification_of
from stream.ledger.fingerprint import Fingerprints
from stream.metrics import Metrics
from stream.pipelines import effects
from stream.pipelines.weights_guard import WeightsGuard
from stream.settings import Settings, secret_of
from stream.transport.cluster import cluster_of
from stream.transport.topics import Topics, partition_count
from stream.transport.weights_topic import WeightsTopic
from stream.weights_keys import trust_of


class WorkerParts:
    """The parts that the stages of one worker share."""

    def __init__(self, settings: Settings, lines: Mapping[str, BusinessLine], initialisation: Initialisation) -> None:
        """Join them; nothing connects yet."""
        self.settings = settings
        self.lines = lines
        self.initialisation = initialisation
        self.specification = specification_of(lines.values())
        self.names = Topics(settings.topic_prefix)
        self.pseudonyms = pseudonyms_of(settings)
        self.metrics = Metrics()
        self.clock = SystemClock()
        self.cluster = cluster_of(settings)
        guard = WeightsGuard(trust_of(settings), self.metrics)
        self.weights = WeightsTopic(self.cluster, self.names.named(effects.LINE_WEIGHTS), guard.admits)
        self.partitions = partition_count(settings, effects.ENRICHED_EVENTS)

    @cached_property
    def prints(self) -> Fingerprints:
        """What makes documents' fingerprints; raises `UsageError` where there is no key that fits."""
        return fingerprints_of(self.settings)

    @cached_property
    def claim_partitions(self) -> int:
        """How many partitions the ledgers have."""
        return partition_count(self.settings, effects.DOCUMENT_CLAIMS)


def fingerprints_of(settings: Settings) -> Fingerprints:
    """Return what makes documents' fingerprints, by the key that settings give.

    Raises:
        UsageError: The key is missing, cannot be had or does not fit.
    """
    key = secret_of(settings, "ledger_key")
    if not key:
        raise UsageError("documents need the key of their fingerprints; set FORESHOT_LEDGER_KEY_FILE")
    try:
        return Fingerprints(key.encode())
    except ValueError as error:
        raise UsageError(f"FORESHOT_LEDGER_KEY: {error}") from None


def pseudonyms_of(settings: Settings) -> Pseudonyms | None:
    """Return pseudonyms by the key that settings give, None where they give none.

    Raises:
        UsageError: The key cannot be had or does not fit, or is missing where subjects must be pseudonymised.
    """
    key = secret_of(settings, "pseudonym_key")
    if not key:
        if settings.pseudonymise_subjects:
            raise UsageError("FORESHOT_PSEUDONYMISE_SUBJECTS needs a key; set FORESHOT_PSEUDONYM_KEY_FILE")
        return None
    try:
        return Pseudonyms(key.encode())
    except ValueError as error:
        raise UsageError(f"FORESHOT_PSEUDONYM_KEY: {error}") from None
