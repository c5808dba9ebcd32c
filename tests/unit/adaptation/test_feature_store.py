"""The feature store: a cache that is right or is rebuilt."""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from stream.adaptation.feature_store import FeatureStore
from stream.adaptation.stored_event import stored
from stream.errors import ForeshotError
from stream.events.label_horizons import LabelHorizons
from stream.events.scored_event import ScoredEvent
from tests.builders.labelled_examples import NOON_S, a_scored_event

DAY_S = 86_400.0


def test_returns_what_was_put_and_none_for_what_was_not(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path, LabelHorizons(DAY_S))
    event = a_scored_event("e1", features=b"\x01\x02\x03\x04")
    store.put([event], 1)
    assert store.get([("cards", "e1"), ("cards", "e2"), ("loans", "e1")]) == [stored(event), None, None]
    store.close()


def test_asks_nothing_of_the_disk_for_no_keys(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path, LabelHorizons(DAY_S))
    assert store.get([]) == []
    store.close()


def test_putting_a_batch_again_changes_nothing(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path, LabelHorizons(DAY_S))
    events = [a_scored_event(f"e{i}") for i in range(5)]
    store.put(events, 5)
    store.put(events[:2], 2)
    assert store.next_offset == 5
    assert store.get([("cards", "e1")]) == [stored(events[1])]
    store.close()


def test_position_and_events_are_there_after_a_restart(tmp_path: Path) -> None:
    first = FeatureStore(tmp_path, LabelHorizons(DAY_S))
    first.put([a_scored_event("e1")], 41)
    first.close()
    second = FeatureStore(tmp_path, LabelHorizons(DAY_S))
    assert second.next_offset == 41
    assert second.get([("cards", "e1")]) == [stored(a_scored_event("e1"))]
    second.close()


def test_events_are_dropped_by_their_own_lines_event_time(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path, LabelHorizons(DAY_S))
    store.put([a_scored_event("old"), a_scored_event("old", line="loans")], 2)
    for day in range(1, 6):
        events = [a_scored_event(f"d{day}-{i}", occurred_at_s=NOON_S + day * DAY_S) for i in range(4)]
        store.put(events, 2 + 4 * day)
    of_cards, of_loans, newest = store.get([("cards", "old"), ("loans", "old"), ("cards", "d5-0")])
    assert of_cards is None
    assert of_loans is not None
    assert newest is not None
    store.close()


def test_expiry_goes_on_with_the_watermark_it_had_before_a_restart(tmp_path: Path) -> None:
    first = FeatureStore(tmp_path, LabelHorizons(DAY_S))
    first.put([a_scored_event("old")], 1)
    first.put([a_scored_event("new", occurred_at_s=NOON_S + 9 * DAY_S)], 2)
    first.close()
    second = FeatureStore(tmp_path, LabelHorizons(DAY_S))
    second.put([a_scored_event(f"late-{i}", occurred_at_s=NOON_S + 8 * DAY_S) for i in range(3)], 5)
    assert second.get([("cards", "old")]) == [None]
    second.close()


def _full(folder: Path) -> None:
    store = FeatureStore(folder, LabelHorizons(DAY_S))
    store.put([a_scored_event(f"e{i}", features=bytes(range(200)) * 4) for i in range(500)], 500)
    store._db.flush()
    store.close()


def _truncate_tables(folder: Path) -> None:
    for table in folder.glob("*.sst"):
        with table.open("r+b") as file:
            file.truncate(table.stat().st_size // 2)


def _lose_the_manifest(folder: Path) -> None:
    for manifest in folder.glob("MANIFEST*"):
        manifest.unlink()


def _scribble_over_current(folder: Path) -> None:
    (folder / "CURRENT").write_bytes(b"nonsense")


def _leave_strange_files(folder: Path) -> None:
    for file in folder.iterdir():
        file.unlink()
    (folder / "notes.txt").write_text("not a store", encoding="utf-8")


@pytest.mark.parametrize("damage", [_truncate_tables, _lose_the_manifest, _scribble_over_current, _leave_strange_files])
def test_a_damaged_folder_is_wiped_with_a_warning_and_starts_at_offset_0(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: Callable[[Path], None]
) -> None:
    folder = tmp_path / "store"
    _full(folder)
    damage(folder)
    with caplog.at_level(logging.WARNING):
        store = FeatureStore(folder, LabelHorizons(DAY_S))
    assert store.next_offset == 0
    assert store.get([("cards", "e1")]) == [None]
    assert "to be rebuilt" in caplog.text
    store.close()


def test_a_missing_folder_starts_at_offset_0_without_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = FeatureStore(tmp_path / "a" / "b", LabelHorizons(DAY_S))
    assert store.next_offset == 0
    assert caplog.text == ""
    store.close()


def test_corruption_found_while_reading_stops_clearly_and_heals_at_the_next_start(tmp_path: Path) -> None:
    _full(tmp_path)
    for table in tmp_path.glob("*.sst"):
        with table.open("r+b") as file:
            file.seek(table.stat().st_size // 3)
            file.write(b"garbage!" * 500)
    store = FeatureStore(tmp_path, LabelHorizons(DAY_S))
    with pytest.raises(ForeshotError, match="rebuilt from scored-events at the next start"):
        store.get([("cards", f"e{i}") for i in range(500)])
    store.close()
    healed = FeatureStore(tmp_path, LabelHorizons(DAY_S))
    assert healed.next_offset == 0
    healed.put([a_scored_event("e1")], 1)
    assert healed.get([("cards", "e1")]) != [None]
    healed.close()


def test_a_folder_in_use_is_refused_and_not_wiped(tmp_path: Path) -> None:
    owner = FeatureStore(tmp_path, LabelHorizons(DAY_S))
    owner.put([a_scored_event("e1")], 1)
    with pytest.raises(ForeshotError, match="another worker uses it"):
        FeatureStore(tmp_path, LabelHorizons(DAY_S))
    assert owner.get([("cards", "e1")]) != [None]
    owner.close()


def test_a_folder_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(ForeshotError, match="FORESHOT_STATE_FOLDER"):
        FeatureStore(tmp_path / "file" / "store", LabelHorizons(DAY_S))


def test_a_steady_stream_keeps_at_most_one_and_a_half_horizons(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path, LabelHorizons(9 * DAY_S))
    names: list[tuple[str, str]] = []
    for hour in range(24 * 60):
        events: list[ScoredEvent] = [
            a_scored_event(f"{hour * 7919 % 10_007}-{i}", occurred_at_s=NOON_S + hour * 3600.0) for i in range(2)
        ]
        names += [("cards", event.event_id) for event in events]
        store.put(events, hour)
    kept = sum(one is not None for one in store.get(names))
    assert 10 * 48 <= kept <= 15 * 48 + 2
    store.close()
