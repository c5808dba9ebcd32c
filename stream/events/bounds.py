"""What numbers and names of inner topics' records may be: checked as they are decoded, so that no step meets others."""

from typing import Annotated

from msgspec import Meta

from stream.events.event_time import EARLIEST_S, LATEST_S
from stream.events.roles import MOST_MINOR
from stream.events.transaction import MOST_CHARACTERS

Name = Annotated[str, Meta(min_length=1, max_length=MOST_CHARACTERS)]
EpochSeconds = Annotated[float, Meta(ge=EARLIEST_S, lt=LATEST_S)]
# A record's own timestamp is its producer's to choose: any 64 bits.
EpochMillis = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
AmountMinor = Annotated[int, Meta(ge=-MOST_MINOR, le=MOST_MINOR)]
Amount = Annotated[float, Meta(ge=-float(MOST_MINOR), le=float(MOST_MINOR))]
Chance = Annotated[float, Meta(ge=0.0, le=1.0)]
Version = Annotated[int, Meta(ge=0, lt=10**18)]
