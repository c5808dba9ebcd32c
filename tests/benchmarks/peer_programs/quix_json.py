"""Quix Streams: JSON in and out, with a counter by key in its state or with nothing else.

Runs in the peers' own environment, so it imports nothing of this repository.
"""

import sys

from quixstreams import Application

way, servers, source, target, group, folder = sys.argv[1:]


def count(event, state):
    event["count"] = state.get("count", 0) + 1
    state.set("count", event["count"])


app = Application(
    broker_address=servers, consumer_group=group, auto_offset_reset="earliest", state_dir=folder, loglevel="WARNING"
)
events = app.dataframe(app.topic(source, key_deserializer="bytes", value_deserializer="json"))
if way == "counter":
    events = events.update(count, stateful=True)
events.to_topic(app.topic(target, key_serializer="bytes", value_serializer="json"))
app.run()
