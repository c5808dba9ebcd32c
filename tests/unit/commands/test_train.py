from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from metalearn.checkpoint import Initialisation
from metalearn.few_shot.episode_bank import BankPlan
from stream.commands.history_options import epoch_s
from stream.commands.train import command

LINES = "tests/lines/small.yaml"
QUICK = ("--pooled-steps", "3", "--meta-steps", "2", "--episodes", "0")


@pytest.fixture
def train(foreshot, small_events, tmp_path):
    def run(*options, lines=LINES, events=small_events, out=tmp_path / "init.safetensors"):
        return foreshot("train", "--lines", lines, "--events", events, "--out", out, "--json", *QUICK, *options)

    return run


@pytest.fixture
def relabelled(small_events, tmp_path):
    def make(change):
        table = pq.read_table(small_events)
        at = table.column_names.index("fraud")
        labels = pa.array(change(np.array(table["fraud"].to_pylist())), table["fraud"].type)
        path = tmp_path / "relabelled.parquet"
        pq.write_table(table.set_column(at, "fraud", labels), path)
        return path

    return make


def newest(small_history):
    return float(small_history.batch.occurred_at_s[-1])


def test_an_initialisation_says_until_when_it_knew_labels(train, small_history, tmp_path):
    assert train().code == 0
    until = Initialisation.load(tmp_path / "init.safetensors").manifest.until
    assert epoch_s(until, "until") == pytest.approx(newest(small_history), abs=1e-6)
    assert train("--until", "2026-01-16").code == 0
    assert Initialisation.load(tmp_path / "init.safetensors").manifest.until == "2026-01-16"


def test_without_until_no_label_is_used_that_was_not_known_at_the_end(train, small_history, relabelled, tmp_path):
    late = small_history.label_known_at_s >= newest(small_history)
    ids = {one for one, is_late in zip(small_history.batch.event_id, late, strict=True) if is_late}
    assert ids
    assert train().code == 0
    first = Initialisation.load(tmp_path / "init.safetensors").arrays
    table_ids = pq.read_table(relabelled(lambda labels: labels))["id"].to_pylist()
    flip = np.array([one in ids for one in table_ids])
    assert train(events=relabelled(lambda labels: np.where(flip, 1 - labels, labels))).code == 0
    second = Initialisation.load(tmp_path / "init.safetensors").arrays
    assert all(np.array_equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize(
    ("change", "options", "said"),
    [
        (np.ones_like, (), "nothing to learn from"),
        (np.zeros_like, (), "no event of this history is labelled as fraud"),
        (np.array, ("--until", "2026-01-06"), "no fraud's label is known before 2026-01-06T00:00:00+00:00"),
        (np.array, ("--until", "2026-01-11"), "only warm features up"),
    ],
)
def test_a_history_without_anything_to_learn_gets_one_precise_line(train, relabelled, change, options, said):
    made = train(*options, events=relabelled(change))
    assert made.code == 2
    assert said in made.err
    assert len(made.err.splitlines()) == 1


def lines_without_labels(tmp_path, names):
    content = yaml.safe_load(Path(LINES).read_text())
    for line in content["lines"]:
        if line["line"] in names:
            del line["history"]["label"]
    path = tmp_path / "lines.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


def test_lines_of_which_none_names_its_label_column_are_refused(train, tmp_path):
    made = train(lines=lines_without_labels(tmp_path, ("small-a", "small-b")))
    assert made.code == 2
    assert made.err == "foreshot: no line names its label column: history.label\n"


def test_a_line_without_a_label_column_among_others_is_said_to_be_presumed_genuine(train, tmp_path):
    made = train(lines=lines_without_labels(tmp_path, ("small-b",)))
    assert made.code == 0
    assert "line small-b names no label column, history.label" in made.err


@pytest.mark.parametrize("junk", ["file", "folder"])
def test_what_is_no_training_state_gets_one_line(train, tmp_path, junk):
    path = tmp_path / "init.safetensors.training"
    path.mkdir() if junk == "folder" else path.write_bytes(b"junk")
    made = train()
    assert made.code == 2
    assert f"{path}: is not a training state" in made.err
    assert len(made.err.splitlines()) == 1


def test_a_negative_seed_is_wrong_usage(train):
    made = train("--seed", "-1")
    assert made.code == 2
    assert "-1 is not in the range" in made.err


class Stop(Exception):
    pass


def test_a_training_interrupted_with_another_until_is_not_gone_on_with(train, tmp_path, monkeypatch):
    import metalearn.training as module  # noqa: PLC0415 - its step is interrupted

    whole = module._meta_phase

    def stop(*_):
        raise Stop

    monkeypatch.setattr(module, "_meta_phase", stop)
    with pytest.raises(Stop):
        train("--until", "2026-01-18")
    assert (tmp_path / "init.safetensors.training").exists()
    monkeypatch.setattr(module, "_meta_phase", whole)
    made = train("--until", "2026-01-17")
    assert made.code == 0
    assert [line for line in made.err.splitlines() if "this one starts anew" in line]
    resumed = Initialisation.load(tmp_path / "init.safetensors").arrays
    assert train("--until", "2026-01-17", out=tmp_path / "fresh.safetensors").err == ""
    fresh = Initialisation.load(tmp_path / "fresh.safetensors").arrays
    assert all(np.array_equal(resumed[name], fresh[name]) for name in fresh)


def test_lines_that_are_too_few_for_the_few_shot_model_are_said(train, tmp_path):
    out = tmp_path / "init.safetensors"
    found = train("--episodes", "5", out=out)
    assert found.code == 0
    assert "fewer than 4 lines have frauds" in found.err
    assert "few_shot.numbers" not in Initialisation.load(out).arrays


def test_without_a_word_as_many_episodes_are_drawn_as_the_bank_plans():
    (option,) = [one for one in command.params if one.name == "episodes"]
    assert option.default == BankPlan().episodes
