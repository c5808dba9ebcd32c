"""What is remembered of the trade of one partition: nine tables of bounded size, mirrored by a changelog."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

import numpy as np

from stream.errors import ForeshotError
from stream.features.entity_state import Record
from stream.features.trade import trade_rows as rows
from stream.features.trade.slot_table import SlotTable
from stream.features.trade.trade_kernel import Tables

_ROWS = {
    "documents": rows.DOCUMENT_ROW,
    "sellers": rows.SELLER_ROW,
    "pairs": rows.PAIR_ROW,
    "firms": rows.FIRM_ROW,
    "series": rows.SERIES_ROW,
    "goods": rows.GOODS_ROW,
    "lots": rows.LOT_ROW,
    "stores": rows.STORE_ROW,
    "nodes": rows.NODE_ROW,
}
# Line names never begin with NUL, so entities cannot meet these keys.
KEY_PREFIX = b"\0trade\0"
_LETTERS = 3


@dataclass(frozen=True, slots=True)
class TradeSizes:
    """The most rows of each table, powers of two."""

    documents: int = 2**19
    sellers: int = 2**16
    pairs: int = 2**18
    firms: int = 2**17
    series: int = 2**17
    goods: int = 2**13
    lots: int = 2**17
    stores: int = 2**13
    nodes: int = 2**16


class TradeState:
    """The trade of one partition.

    A line's documents meet one another only where they share a partition.
    """

    def __init__(self, sizes: TradeSizes | None = None) -> None:
        """Remember at most so many rows of each table."""
        most = asdict(sizes or TradeSizes())
        self._tables = {name: SlotTable(_name(name), dtype, most[name]) for name, dtype in _ROWS.items()}
        self.tables = Tables(**{name: table.slots for name, table in self._tables.items()})
        self._tick = 0

    def next_ticks(self, count: int) -> np.uint64:
        """Number so many documents; return the first's number."""
        first = self._tick + 1
        self._tick += count
        return np.uint64(first)

    def drain_changes(self) -> list[Record]:
        """Return the rows that changed since the last call."""
        return [record for table in self._tables.values() for record in table.drain_changes()]

    def restore(self, records: Iterable[Record]) -> int:
        """Take rows back from the changelog, oldest first; return how many were applied.

        Raises:
            ForeshotError: A row is not of this version, or of a table of another size.
        """
        sorted_out: dict[bytes, list[Record]] = {_name(name): [] for name in _ROWS}
        for key, value in records:
            chosen = sorted_out.get(key[: len(KEY_PREFIX) + _LETTERS])
            if chosen is None:
                raise ForeshotError(f"{key[:40]!r} is no row of trade; replay into new internal topics")
            chosen.append((key, value))
        applied = sum(table.restore(sorted_out[_name(name)]) for name, table in self._tables.items())
        self._tick = max(self._tick, *(table.newest_restored for table in self._tables.values()))
        return applied

    def size_bytes(self) -> int:
        """Return the memory that the state takes once every slot is used."""
        return sum(table.size_bytes() for table in self._tables.values())

    def counts(self) -> dict[str, int]:
        """Return the rows in use by table."""
        return {name: len(table) for name, table in self._tables.items()}


def _name(table: str) -> bytes:
    return KEY_PREFIX + table[:_LETTERS].encode()
