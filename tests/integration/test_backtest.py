import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq

from stream.backtest.run import Backtest, run_backtest
from stream.features.specification import PAYMENTS
from stream.scoring.initialisation import load_initialisation

DAY_S = 86_400.0


def scores(history, initialisation):
    found = {}
    run = Backtest(history.lines, load_initialisation(initialisation, PAYMENTS), 90 * DAY_S)
    run_backtest(
        history, run, lambda events: found.update({event.event_id: event.score for event in events}), lambda _: None
    )
    return found


def test_a_label_changes_no_score_before_it_is_known(small_history, small_initialisation):
    before = scores(small_history, small_initialisation)
    fraud = int(
        np.flatnonzero(
            (small_history.label == 1)
            & (small_history.batch.occurred_at_s < small_history.batch.occurred_at_s[0] + 5 * DAY_S)
        )[-1]
    )
    label = small_history.label.copy()
    label[fraud] = 0
    after = scores(replace(small_history, label=label), small_initialisation)
    known_at_s = small_history.label_known_at_s[fraud]
    earlier = [
        one
        for one, at in zip(small_history.batch.event_id, small_history.batch.occurred_at_s, strict=True)
        if at < known_at_s
    ]
    assert earlier
    assert all(before[one] == after[one] for one in earlier)
    assert before != after


def test_the_command_writes_scores_figures_and_a_page(small_events, small_initialisation, tmp_path):
    command = ["backtest", "--lines", "tests/lines/small.yaml", "--events", str(small_events)]
    command += ["--init", str(small_initialisation), "--out", str(tmp_path), "--weeks-from", "2026-01-11", "--json"]
    made = subprocess.run([sys.executable, "-m", "stream.cli", *command], capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    found = json.loads((tmp_path / "metrics.json").read_text())
    assert set(found) == {"in_sample", "overall", "weeks", "lines"}
    assert [week["start"] for week in found["weeks"]] == ["2026-01-12"]
    assert set(found["overall"]) == {
        "auc", "average_precision", "card_precision_at_100", "recall_at_1pct_alerts", "value_detection_rate", "events",
        "frauds",
    }  # fmt: skip
    table = pq.read_table(tmp_path / "scores.parquet")
    assert table.column_names == [
        "event_id", "line", "occurred_at", "score", "anomaly", "alerted", "weights_version", "label",
    ]  # fmt: skip
    assert table.num_rows == pq.read_metadata(small_events).num_rows
    score = table["score"].to_numpy()
    assert ((score >= 0) & (score <= 1)).all()
    assert "Backtest" in (tmp_path / "report.html").read_text()


def test_a_parquet_file_that_lacks_a_column_is_refused_by_name(small_events, small_initialisation, tmp_path):
    file = tmp_path / "lacking.parquet"
    pq.write_table(pq.read_table(small_events).drop(["merchant"]), file)
    command = [
        "backtest",
        "--lines",
        "tests/lines/small.yaml",
        "--events",
        str(file),
        "--init",
        str(small_initialisation),
    ]
    made = subprocess.run(
        [sys.executable, "-m", "stream.cli", *command, "--out", str(tmp_path)], capture_output=True, text=True
    )
    assert made.returncode == 2
    assert "merchant" in made.stderr


def test_batch_cuts_change_no_score(small_history, small_initialisation, monkeypatch):
    import stream.backtest.run as module  # noqa: PLC0415 - its constant is changed

    whole = scores(small_history, small_initialisation)
    monkeypatch.setattr(module, "_MICRO_BATCH", 7)
    assert scores(small_history, small_initialisation) == whole
