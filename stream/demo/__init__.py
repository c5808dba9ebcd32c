"""The whole product on one machine: an embedded Kafka, both roles, simulated lines."""
