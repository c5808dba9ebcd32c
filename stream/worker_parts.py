"""What the stages of one worker share."""

from collections.abc import Mapping

from metalearn.checkpoint import Initialisation
from stream.clock import SystemClock
from stream.events.business_line import BusinessLine
from stream.metrics import Metrics
from stream.pipelines import effects
from stream.settings import Settings
from stream.transport.cluster import cluster_of
from stream.transport.topics import Topics, partition_count
from stream.transport.weights_topic import WeightsTopic


class WorkerParts:
    """The parts that the stages of one worker share."""

    def __init__(self, settings: Settings, lines: Mapping[str, BusinessLine], initialisation: Initialisation) -> None:
        """Join them; nothing connects yet."""
        self.settings = settings
        self.lines = lines
        self.initialisation = initialisation
        self.names = Topics(settings.topic_prefix)
        self.metrics = Metrics()
        self.clock = SystemClock()
        self.cluster = cluster_of(settings)
        self.weights = WeightsTopic(self.cluster, self.names.named(effects.LINE_WEIGHTS))
        self.partitions = partition_count(settings, effects.ENRICHED_EVENTS)
