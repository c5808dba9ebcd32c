"""Features of scored events on disk, by event id, until the label horizon has passed.

The store is a cache of one partition of `scored-events`: puts are idempotent, the next
offset to read stands in the same write as the events before it, and whatever is wrong
with the files is answered by starting again from offset 0.
"""

import logging
import shutil
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

from rocksdict import Options, Rdict, WriteBatch

from stream.adaptation.stored_event import StoredEvent, decode, decode_time, encode, event_key, stored
from stream.errors import ForeshotError
from stream.events.label_horizons import LabelHorizons
from stream.events.scored_event import ScoredEvent

logger = logging.getLogger(__name__)

# Line names never begin with NUL, so events cannot meet these keys.
_POSITION = b"\0position"
_FORMAT = b"\0format"
_FORMAT_VERSION = b"1"
_WATERMARK = b"\0watermark\0"
_FIRST_EVENT = b"\1"
_SUSPECT = "SUSPECT"
_SWEPT_PER_PUT = 2
# The matcher decides by the horizon; the files may keep an event somewhat longer.
_SLACK_S = 86_400.0


class FeatureSource(Protocol):
    """Where the matcher keeps and finds what events were scored from."""

    def put(self, events: Sequence[ScoredEvent], next_offset: int) -> None:
        """Keep `events`; `next_offset` is the first offset after them."""
        ...

    def get(self, keys: Sequence[tuple[str, str]]) -> list[StoredEvent | None]:
        """Return what is kept for each (line, event id)."""
        ...


class FeatureStore:
    """RocksDB store of one partition of `scored-events`.

    Expiry is by each line's own event time. Every put looks at twice as many old keys
    as it adds, in turn, and deletes the expired: the store never holds more than 1.5
    horizons of events and needs no index over time.
    """

    def __init__(self, folder: Path, horizons: LabelHorizons) -> None:
        """Open the store in `folder`, or make it.

        Raises:
            ForeshotError: The folder cannot be used, or another process uses it.
        """
        self._folder = folder
        self._horizons = horizons
        self._db = self._open()
        self._watermark_s: dict[str, float] = {}
        self._next_offset = 0
        self._swept_to = _FIRST_EVENT
        self._guarded(self._read_meta)

    @property
    def next_offset(self) -> int:
        """The first offset of `scored-events` that the store has not seen."""
        return self._next_offset

    def put(self, events: Sequence[ScoredEvent], next_offset: int) -> None:
        """Keep `events` and move the position, in one write.

        Args:
            events: In order of their offsets; seen ones are written over.
            next_offset: The first offset after them.
        """
        batch = WriteBatch(raw_mode=True)
        for event in events:
            batch.put(event_key(event.line, event.event_id), encode(stored(event)))
        for line, watermark_s in self._moved(events).items():
            self._watermark_s[line] = watermark_s
            batch.put(_WATERMARK + line.encode(), struct.pack("<d", watermark_s))
        self._next_offset = max(self._next_offset, next_offset)
        batch.put(_POSITION, str(self._next_offset).encode())
        self._guarded(lambda: self._sweep(batch, _SWEPT_PER_PUT * len(events)))
        self._guarded(lambda: self._db.write(batch))

    def get(self, keys: Sequence[tuple[str, str]]) -> list[StoredEvent | None]:
        """Return what is kept for each (line, event id), None where there is nothing."""
        if not keys:
            return []
        encoded = [event_key(line, event_id) for line, event_id in keys]
        found = self._guarded(lambda: self._db.get(encoded))
        return [None if value is None else decode(value) for value in found]

    def close(self) -> None:
        """Let go of the files."""
        self._db.close()

    def _moved(self, events: Iterable[ScoredEvent]) -> dict[str, float]:
        moved: dict[str, float] = {}
        for event in events:
            known = moved.get(event.line, self._watermark_s.get(event.line, float("-inf")))
            if event.occurred_at_s > known:
                moved[event.line] = event.occurred_at_s
        return moved

    def _sweep(self, batch: WriteBatch, count: int) -> None:
        oldest_s: dict[bytes, float] = {}
        cursor = self._db.iter()
        cursor.seek(self._swept_to)
        for _ in range(count):
            if not cursor.valid():
                self._swept_to = _FIRST_EVENT
                return
            key = cursor.key()
            line = key.partition(b"\0")[0]
            if line not in oldest_s:
                oldest_s[line] = self._oldest_s(line.decode())
            if decode_time(cursor.value()).occurred_at_s < oldest_s[line]:
                batch.delete(key)
            self._swept_to = key + b"\0"
            cursor.next()

    def _oldest_s(self, line: str) -> float:
        return self._watermark_s.get(line, float("-inf")) - self._horizons.of(line) - _SLACK_S

    def _guarded(self, work: Any) -> Any:
        try:
            return work()
        except Exception as error:
            # RocksDB has one exception for all. Corrupt blocks show when they are read: mark
            # the folder, so that the next start rebuilds it instead of stopping here again.
            if "Corruption" in str(error):
                (self._folder / _SUSPECT).touch()
                raise ForeshotError(
                    f"feature store {self._folder}: {error}; it is rebuilt from scored-events at the next start"
                ) from error
            raise ForeshotError(
                f"feature store {self._folder}: {error}; check the disk's free space and permissions"
            ) from error

    def _open(self) -> Rdict:
        try:
            if (self._folder / _SUSPECT).exists():
                self._wipe("its files were found corrupt")
            self._folder.mkdir(parents=True, exist_ok=True)
            return self._checked()
        except OSError as error:
            raise ForeshotError(
                f"feature store {self._folder}: {error.strerror or error}; give a folder that can be written "
                "in FORESHOT_STATE_FOLDER"
            ) from error

    def _checked(self) -> Rdict:
        fresh = not any(self._folder.iterdir())
        try:
            db = Rdict(str(self._folder), options=_options())
        except Exception as error:
            # The lock is another owner's and the permission a person's: neither is damage.
            if any(sign in str(error) for sign in ("/LOCK:", "Permission denied", "Read-only")):
                raise ForeshotError(
                    f"feature store {self._folder}: {error}; another worker uses it or it cannot be written: "
                    "give each worker its own FORESHOT_STATE_FOLDER"
                ) from error
            return self._anew(str(error))
        if (damage := self._damage(db, fresh=fresh)) is not None:
            db.close()
            return self._anew(damage)
        return db

    def _damage(self, db: Rdict, *, fresh: bool) -> str | None:
        if fresh:
            db.put(_FORMAT, _FORMAT_VERSION)
        try:
            known = db.get(_FORMAT)
        except Exception as error:  # noqa: BLE001 - RocksDB's only exception
            return str(error)
        return None if known == _FORMAT_VERSION else "it is incomplete or of another version"

    def _anew(self, why: str) -> Rdict:
        self._wipe(why)
        self._folder.mkdir(parents=True, exist_ok=True)
        db = Rdict(str(self._folder), options=_options())
        db.put(_FORMAT, _FORMAT_VERSION)
        return db

    def _wipe(self, why: str) -> None:
        logger.warning("feature store %s: %s; wiped, to be rebuilt from scored-events", self._folder, why)
        shutil.rmtree(self._folder)

    def _read_meta(self) -> None:
        self._next_offset = int(self._db.get(_POSITION) or 0)
        cursor = self._db.iter()
        cursor.seek(_WATERMARK)
        while cursor.valid() and cursor.key().startswith(_WATERMARK):
            line = cursor.key()[len(_WATERMARK) :].decode()
            (self._watermark_s[line],) = struct.unpack("<d", cursor.value())
            cursor.next()


def _options() -> Options:
    options = Options(raw_mode=True)
    options.set_max_open_files(256)
    options.set_keep_log_file_num(2)
    return options
