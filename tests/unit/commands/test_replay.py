"""`foreshot replay`: what it refuses before it asks for Kafka."""

import pytest

from stream.commands.replay import command
from stream.errors import UsageError
from stream.simulation.supply_chain.simulate import simulate_supply_chain
from stream.simulation.supply_chain.world_files import write_events
from tests.builders.economy import a_line


def test_a_line_of_documents_cannot_be_replayed_from_a_table_of_roles(tmp_path):
    write_events(simulate_supply_chain([a_line(name="a-factoring")], 20, 1), tmp_path)
    words = ["--line", "tests/lines/supply_chain", "--events", str(tmp_path / "events.parquet")]
    with pytest.raises(UsageError, match="line a-factoring reads documents"):
        command.main(words, standalone_mode=False)
