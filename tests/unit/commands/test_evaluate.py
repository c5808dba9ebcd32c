import json
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from metalearn.evaluation import roster
from metalearn.evaluation.baselines import meta_learned, pooled_network, prototypes


@pytest.fixture(autouse=True)
def _short_trainings(monkeypatch):
    monkeypatch.setattr(pooled_network, "_STEPS", 40)
    monkeypatch.setattr(prototypes, "_STEPS", 20)
    monkeypatch.setattr(meta_learned, "_PLAN", replace(meta_learned._PLAN, steps=10))


@pytest.fixture
def tables(tmp_path):
    generator = np.random.default_rng(0)
    rows = 1_500
    shop = generator.integers(0, 5, rows)
    fraud = generator.random(rows) < 0.15
    columns = {f"v{at}": generator.standard_normal(rows) + 2.0 * fraud * (at == 0) for at in range(3)}
    when = pa.array(np.sort(generator.integers(0, 10**15, rows)), pa.timestamp("us"))
    words = np.where(fraud, "consulting services", generator.choice(["cocoa beans", "steel coils", ""], rows))
    pq.write_table(
        pa.table({**columns, "shop": shop, "fraud": fraud, "when": when, "words": words}), tmp_path / "rows.parquet"
    )  # fmt: skip
    path = tmp_path / "tasks.yaml"

    def write(**changes):
        shared = {"events": "rows.parquet", "label": "fraud", "features": ["v0", "v1", "v2"], "time": "when"}
        entry = {"each": "shop", "repeat_columns": ["v0", "v1"]}
        content = {"folds": 2, "defaults": shared, "lines": [entry], **changes}
        path.write_text(yaml.safe_dump({key: value for key, value in content.items() if value is not None}))
        return path

    return write


@pytest.fixture
def evaluate(foreshot, tmp_path):
    def run(tasks, *options):
        return foreshot("evaluate", "--tasks", tasks, "--out", tmp_path / "out", "--quick", "--json", *options)

    return run


def test_the_whole_wall_is_judged_on_every_line_of_every_fold(evaluate, tables, tmp_path, monkeypatch):
    monkeypatch.setattr(roster, "_OURS", "metalearn.nothing_of_this_name")
    made = evaluate(tables())
    assert made.code == 0, made.err
    found = json.loads((tmp_path / "out" / "results.json").read_text())
    methods = {method.name for method in roster.wall()}
    assert set(found["summary"]["5"]) == methods
    assert sorted(line["line"] for line in found["lines"]) == ["0", "1", "2", "3", "4"]
    assert len(found["rows"]) == len(methods) * 5 * 4 * 2
    assert found["winner"]["5"] == found["best_baseline"]["5"] in methods
    assert found["summary"]["5"][found["winner"]["5"]]["mean"] > 0.4
    assert found["summary"]["5"]["prevalence"]["mean"] == pytest.approx(0.15, abs=0.03)
    assert "without_repeats" in found["controls"]
    assert found["failed"] == []
    assert json.loads(made.out)["winner"] == found["winner"]
    assert found["winner"]["5"] in (tmp_path / "out" / "report.html").read_text()


def test_the_same_seed_gives_the_same_figures(evaluate, tables, tmp_path):
    figures = []
    for _ in range(2):
        assert evaluate(tables(), "--no-controls", "--method", "logistic map", "--method", "pooled trees").code == 0
        rows = json.loads((tmp_path / "out" / "results.json").read_text())["rows"]
        figures.append([{**row, "adapt_ms": 0} for row in rows])
    assert figures[0] == figures[1]


def test_train_and_test_lines_may_be_named_one_by_one(evaluate, tables, tmp_path):
    sections = {
        "folds": None,
        "lines": None,
        "train": [{"each": "shop", "values": [0, 1]}],
        "validation": [{"name": "v", "where": {"shop": 2}}],
        "test": [{"name": "t", "where": {"shop": [3, 4]}}],
    }
    assert evaluate(tables(**sections), "--method", "logistic").code == 0
    found = json.loads((tmp_path / "out" / "results.json").read_text())
    assert [line["line"] for line in found["lines"]] == ["t"]
    assert found["summary"]["5"]["logistic"]["low"] is None


def test_lines_that_cannot_be_judged_are_told_with_the_reason(evaluate, tables, tmp_path):
    made = evaluate(tables(lines=[{"each": "shop", "least_frauds": 46}]), "--no-controls", "--method", "prevalence")
    assert made.code == 0
    skipped = json.loads((tmp_path / "out" / "results.json").read_text())["skipped"]
    assert skipped
    assert "fewer than 46" in skipped[0]["reason"]
    assert "lines left out" in made.err


def test_a_column_of_words_makes_features_of_every_fold(evaluate, tables, tmp_path):
    shared = {"events": "rows.parquet", "label": "fraud", "features": ["v1", "v2"], "time": "when", "text": "words"}
    assert evaluate(tables(defaults=shared), "--method", "pooled trees", "--no-controls").code == 0
    found = json.loads((tmp_path / "out" / "results.json").read_text())
    # Nothing but the words tells what is fraud.
    assert found["summary"]["0"]["pooled trees"]["mean"] > 0.9
    assert sorted(path.name for path in (tmp_path / "out").glob("text_*")) == [
        "text_reduction_1.safetensors",
        "text_reduction_2.safetensors",
    ]


@pytest.mark.parametrize(
    ("changes", "options", "said"),
    [
        ({"lines": [{"each": "shop", "lable": "x"}]}, (), "lines entry 1: lable: is not known here"),
        ({"lines": [{"name": "x", "features": ["v9"]}]}, (), "has no column v9"),
        ({"lines": [{"each": "shop", "least_frauds": 10_000}]}, (), "no line can be tested"),
        ({"lines": [{"each": "shop", "text": "words", "text_model": "none"}]}, (), "text_model: none is neither"),
        ({"lines": [{"each": "shop", "text": "letters"}]}, (), "has no column letters"),
        ({}, ("--method", "magic"), "no method is called magic"),
        ({}, ("--draws", "0"), "0 is not in the range"),
    ],
)
def test_wrong_input_gets_one_line_and_exit_code_2(evaluate, tables, changes, options, said):
    made = evaluate(tables(**changes), *options)
    assert made.code == 2
    assert said in made.err
    assert len(made.err.splitlines()) == 1


def test_a_tasks_file_that_is_not_there_gets_one_line(evaluate, tmp_path):
    made = evaluate(tmp_path / "no.yaml")
    assert made.code == 2
    assert "cannot be read" in made.err
