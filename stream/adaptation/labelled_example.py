"""What travels on `labelled-examples`, keyed by line: features joined to what is known of their label."""

from typing import Annotated, Literal

import msgspec

from stream.events.bounds import Chance, EpochMillis, EpochSeconds, Name, Version

Kind = Literal["fraud", "genuine", "withdrawn", "background"]


class LabelledExample(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """The features an event was scored from, and its label, its withdrawal or the lack of one.

    Attributes:
        features: The whole feature vector as scored, float32 little-endian bytes.
        kind: `withdrawn` takes a label back; `background` is a sampled event without one.
        source: Who labelled it; empty for background.
        labelled_at_s: When the label was given, epoch seconds; the event time of background.
        label_produced_at_ms: When the label was produced to Kafka, epoch milliseconds; 0 for background.
        score: What the event was scored.
        weights_version: Version of the line's weights that scored it.
        feature_hash: Of the feature specification; vectors of another are not learnt from.
        alerted: Whether the event had been alerted.
        share: The chance that this event had to be sampled; 1 for a label. A background
            example stands for 1 / share events of its line.
    """

    line: Name
    event_id: Name
    occurred_at_s: EpochSeconds
    features: bytes
    kind: Kind
    source: str
    labelled_at_s: EpochSeconds
    label_produced_at_ms: EpochMillis
    score: Chance
    weights_version: Version
    subject: Name
    feature_hash: str
    alerted: bool
    share: Annotated[float, msgspec.Meta(gt=0.0, le=1.0)]


# The kind as msgpack writes it: a text of ten bytes.
_BACKGROUND = b"\xaabackground"

encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(LabelledExample).decode


def is_background(value: bytes) -> bool:
    """Return whether a record holds no label, without decoding it; an id that looks like the mark may mislead."""
    return _BACKGROUND in value
