import uuid

from stream.transport.embedded_broker import EmbeddedBroker


def test_a_cluster_id_never_begins_with_a_dash_which_kafka_would_take_for_an_option(tmp_path, monkeypatch):
    drawn = iter([uuid.UUID(bytes=bytes([0xF8]) + bytes(15)), uuid.UUID(bytes=bytes([0x04]) + bytes(15))])
    monkeypatch.setattr(uuid, "uuid4", lambda: next(drawn))
    assert EmbeddedBroker(tmp_path)._cluster_id() == "B" + "A" * 21
