from pathlib import Path

import pytest
from rich.progress import Progress

from metalearn.checkpoint import Initialisation


def test_a_file_that_lacks_a_line_of_the_demo_is_refused_before_anything_starts(foreshot, monkeypatch):
    for name in ("write_training", "EmbeddedBroker"):
        monkeypatch.setattr(f"stream.demo.run.{name}", lambda *_: pytest.fail("something started"))
    made = foreshot("demo", "--lines", "tests/lines/small.yaml")
    assert made.code == 2
    assert "tests/lines/small.yaml: lacks demo-new-line, demo-cards-fr" in made.err
    assert "demo-new-factoring" in made.err
    assert len(made.err.splitlines()) == 1


def test_a_folder_that_cannot_be_made_is_refused_before_anything_starts(foreshot, monkeypatch, tmp_path):
    monkeypatch.setattr("stream.demo.run.run_demo", lambda *_: pytest.fail("it ran"))
    (tmp_path / "afile").write_text("")
    made = foreshot("demo", "--out", tmp_path / "afile" / "sub")
    assert made.code == 2
    assert "cannot be made" in made.err


def test_the_demos_own_initialisation_says_until_when_it_knew_labels(tmp_path):
    from stream.demo.run import Demo, DemoPlan  # noqa: PLC0415 - torch is slow to import

    plan = DemoPlan(training_days=12, pooled_steps=2, meta_steps=1, episodes=0)
    path = Demo(plan, Path("lines/demo"), tmp_path, Progress(disable=True))._train()
    assert Initialisation.load(path).manifest.until == "2026-01-17T00:00:00+00:00"
