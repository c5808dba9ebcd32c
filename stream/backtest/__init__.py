"""The same pipeline over history, without Kafka."""
