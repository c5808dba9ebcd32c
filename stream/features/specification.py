"""The feature vectors there are: which features, in which order, and the hash that weights carry."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Literal

import numpy as np
import numpy.typing as npt

from stream.events.business_line import BusinessLine
from stream.features.decayed_window import HALF_LIVES_S
from stream.features.feature import Feature
from stream.features.payment_features import COUNTERPARTY, SUBJECT
from stream.features.trade.trade_specification import FEATURES as TRADE

SPECIFICATION_VERSION = 1


@dataclass(frozen=True, eq=False)
class FeatureSpecification:
    """The features of all lines of one installation.

    Attributes:
        kind: What its lines read at most.
        subject: Of the first hop, by the event's subject.
        trade: Of the first hop, by the documents before it.
        counterparty: Of the second hop.
    """

    kind: Literal["payments", "documents"]
    subject: tuple[Feature, ...]
    trade: tuple[Feature, ...]
    counterparty: tuple[Feature, ...]

    @cached_property
    def features(self) -> tuple[Feature, ...]:
        """The feature vector, the first hop's part first."""
        return self.subject + self.trade + self.counterparty

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Of all features."""
        return tuple(feature.name for feature in self.features)

    @cached_property
    def from_labels(self) -> npt.NDArray[np.bool_]:
        """Which features are made of labels."""
        return np.array([feature.from_labels for feature in self.features], np.bool_)

    @cached_property
    def without_labels(self) -> npt.NDArray[np.int64]:
        """Columns of the features that no labels make."""
        return np.flatnonzero(~self.from_labels)

    @cached_property
    def movable(self) -> tuple[bool, ...]:
        """Which features a fraudster can move by little."""
        return tuple(feature.movable for feature in self.features)

    @property
    def profiled_width(self) -> int:
        """How many features the first hop makes."""
        return len(self.subject) + len(self.trade)

    @cached_property
    def hash(self) -> str:
        """What weights carry: a scorer refuses weights made for another."""
        half_lives = ",".join(f"{half_life:g}" for half_life in HALF_LIVES_S)
        return sha256(f"{SPECIFICATION_VERSION}|{half_lives}|{','.join(self.names)}".encode()).hexdigest()


PAYMENTS = FeatureSpecification("payments", SUBJECT, (), COUNTERPARTY)
DOCUMENTS = FeatureSpecification("documents", SUBJECT, TRADE, COUNTERPARTY)

_KNOWN = (PAYMENTS, DOCUMENTS)


def specification_of(lines: Iterable[BusinessLine]) -> FeatureSpecification:
    """Return the features of an installation: with those of trade where one of its lines reads documents."""
    return DOCUMENTS if any(line.documents is not None for line in lines) else PAYMENTS


def specification_by_hash(feature_hash: str) -> FeatureSpecification | None:
    """Return the features that weights or an initialisation were made for, None where this release has none such."""
    return next((one for one in _KNOWN if one.hash == feature_hash), None)
