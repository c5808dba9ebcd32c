import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from metalearn.checkpoint import Initialisation

LINES = "tests/lines/small.yaml"


@pytest.fixture
def backtest(foreshot, small_events, tmp_path):
    def run(initialisation, *options, lines=LINES, events=small_events, out=tmp_path / "out"):
        words = ["backtest", "--lines", lines, "--events", events, "--init", initialisation, "--out", out, "--json"]
        return foreshot(*words, *options), out

    return run


@pytest.fixture
def known_until(small_initialisation, tmp_path):
    def make(until):
        found = Initialisation.load(small_initialisation)
        path = tmp_path / "init.safetensors"
        Initialisation(found.manifest.model_copy(update={"until": until}), found.arrays).save(path)
        return path

    return make


@pytest.fixture
def changed_lines(tmp_path):
    def make(change):
        content = yaml.safe_load(Path(LINES).read_text())
        for line in content["lines"]:
            change(line)
        path = tmp_path / "lines.yaml"
        path.write_text(yaml.safe_dump(content))
        return path

    return make


def test_weeks_after_training_are_judged_without_a_warning(backtest, known_until):
    made, out = backtest(known_until("2026-01-11T12:00:00+00:00"))
    assert made.code == 0
    found = json.loads((out / "metrics.json").read_text())
    assert found["in_sample"] is False
    assert [week["start"] for week in found["weeks"]] == ["2026-01-12"]
    assert "in-sample" not in made.err + (out / "report.html").read_text()


@pytest.mark.parametrize(
    ("until", "options", "said"),
    [
        ("2026-01-15", ("--weeks-from", "2026-01-12"), "--weeks-from 2026-01-12 is before 2026-01-15"),
        ("2026-01-15", (), "no full week is left after 2026-01-15"),
        ("", ("--weeks-from", "2026-01-12"), "does not say until when"),
    ],
)
def test_in_sample_figures_are_called_so_everywhere(backtest, known_until, until, options, said):
    made, out = backtest(known_until(until), *options)
    assert made.code == 0
    warnings = [line for line in made.err.splitlines() if "in-sample" in line]
    assert len(warnings) == 1
    assert warnings[0].startswith("foreshot backtest: warning: in-sample figures: ")
    assert said in warnings[0]
    assert json.loads(made.out)["in_sample"] is True
    assert json.loads((out / "metrics.json").read_text())["in_sample"] is True
    assert said in (out / "report.html").read_text()


def test_empty_figures_are_explained_in_one_line(backtest, changed_lines, known_until):
    path = changed_lines(lambda line: line.update(history={}))
    made, _ = backtest(known_until("2026-01-01"), lines=path)
    assert made.code == 0
    reason = "names no label column: history.label"
    assert made.err == f"foreshot backtest: some figures are empty: line small-a {reason}; line small-b {reason}\n"


def test_a_history_too_short_to_judge_says_so(backtest, known_until):
    made, _ = backtest(known_until("2026-01-01"), "--until", "2026-01-08")
    assert made.code == 0
    assert "some figures are empty: too little history: 2026-01-05" in made.err


def test_an_id_that_comes_again_keeps_the_score_of_each_of_its_rows(backtest, known_until, small_events, tmp_path):
    table = pq.read_table(small_events)
    own = np.flatnonzero(np.array(table["product"].to_pylist()) == "small-a")
    first, last = own[0], own[-1]
    ids, labels = table["id"].to_pylist(), table["fraud"].to_pylist()
    ids[last], labels[first], labels[last] = ids[first], 0, 1
    for name, column in {"id": pa.array(ids), "fraud": pa.array(labels, table["fraud"].type)}.items():
        table = table.set_column(table.column_names.index(name), name, column)
    events = tmp_path / "again.parquet"
    pq.write_table(table, events)
    made, out = backtest(known_until("2026-01-01"), events=events)
    assert made.code == 0
    scores = pq.read_table(out / "scores.parquet").to_pylist()
    assert [one["label"] for one in scores if one["event_id"] == ids[first]] == [0, 1]
    lines = json.loads(made.out)["lines"].values()
    assert sum(line["events"] for line in lines) == len(scores) == table.num_rows
    assert sum(line["frauds"] for line in lines) == sum(one["label"] for one in scores)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--weeks-from", "foo"), "--weeks-from foo: is not an ISO 8601 time"),
        (("--label-horizon-days", "0"), "'0' is not a finite number above 0"),
        (("--label-horizon-days", "-1"), "'-1' is not a finite number above 0"),
        (("--label-horizon-days", "inf"), "'inf' is not a finite number above 0"),
        (("--label-horizon-days", "nan"), "'nan' is not a finite number above 0"),
    ],
)
def test_what_does_not_fit_is_refused_before_the_pass(backtest, small_initialisation, options, said, monkeypatch):
    monkeypatch.setattr("stream.backtest.run.run_backtest", lambda *_: pytest.fail("the pass ran"))
    made, _ = backtest(small_initialisation, *options)
    assert made.code == 2
    assert said in made.err
    assert len(made.err.splitlines()) == 1


def test_a_folder_that_cannot_be_made_is_refused_before_the_pass(backtest, small_initialisation, tmp_path, monkeypatch):
    monkeypatch.setattr("stream.backtest.run.run_backtest", lambda *_: pytest.fail("the pass ran"))
    (tmp_path / "afile").write_text("")
    made, _ = backtest(small_initialisation, out=tmp_path / "afile" / "sub")
    assert made.code == 2
    assert "--out" in made.err
    assert "cannot be made" in made.err
