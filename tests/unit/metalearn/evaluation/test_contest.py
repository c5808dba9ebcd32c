import json
import math
from dataclasses import dataclass, replace

import numpy as np
import pytest

from metalearn.errors import MetalearnError
from metalearn.evaluation.contest import Fold, Outcome, Row, Tuning, run_fold
from metalearn.evaluation.controls import run_controls
from metalearn.evaluation.few_shot import FewShotPlan, cut_line
from metalearn.evaluation.report import write_report
from metalearn.evaluation.results import plain, results_of
from metalearn.evaluation.roster import methods_named
from metalearn.evaluation.summary import paired, summarise
from tests.builders.evaluation_lines import a_line

PLAN = FewShotPlan(counts=(0, 1, 5), draws=2, unlabelled=100)
TUNING = Tuning(draws=1, query_rows=500)


@dataclass(frozen=True)
class Shifted:
    """Scores by one feature, with the support's frauds' sign: knows the truth where it may look."""

    name: str = "shifted"
    kind: str = "ours"
    settings: tuple = ({"column": 1}, {"column": 0})

    def train(self, tasks, setting, seed, cache):  # noqa: ARG002
        return self._Trained(setting["column"])

    @dataclass(frozen=True)
    class _Trained:
        column: int

        def adapt(self, support):
            sign = 1.0 if not len(support.frauds) or support.frauds[:, 0].mean() > 0 else -1.0
            return lambda rows: 1 / (1 + np.exp(-sign * rows[:, self.column].astype(np.float64)))


def a_fold(**changes):
    repeats = np.arange(400) % 50
    cut = [cut_line(a_line(f"line-{at}", repeats=repeats, **changes), PLAN) for at in range(6)]
    return Fold(cut[:2], cut[2:4], cut[4:])


def judged(fold, *methods):
    return run_fold(fold, methods, PLAN, TUNING)


def test_the_setting_is_chosen_on_validation_lines_and_used_at_the_test():
    outcome = judged(a_fold(), Shifted())
    assert {key: setting["column"] for key, setting in outcome.chosen.items()} == {("shifted", k): 0 for k in (0, 1, 5)}
    assert all(row.average_precision > 0.3 for row in outcome.rows)
    assert {(row.line, row.k, row.draw) for row in outcome.rows} == {
        (line, k, draw) for line in ("line-4", "line-5") for k in (0, 1, 5) for draw in (0, 1)
    }


def test_labels_of_the_query_change_the_figures_but_no_score():
    fold, seen = a_fold(), []

    @dataclass(frozen=True)
    class Watched(Shifted):
        def train(self, tasks, setting, seed, cache):
            inner = super().train(tasks, setting, seed, cache)

            class Kept:
                def adapt(self, support):
                    score = inner.adapt(support)

                    def keep(rows):
                        seen.append(score(rows))
                        return seen[-1]

                    return keep

            return Kept()

    watched = Watched(settings=({"column": 0},))
    first = judged(fold, watched)
    before, seen[:] = list(seen), []
    blind = [replace(line, query_labels=1 - line.query_labels) for line in fold.test]
    second = judged(Fold(fold.train, fold.validation, blind), watched)
    assert all(np.array_equal(one, other) for one, other in zip(before, seen, strict=True))
    assert first.rows[0].auc == pytest.approx(1 - second.rows[0].auc)


def test_without_validation_lines_half_of_the_training_lines_take_their_part():
    fold = a_fold()
    outcome = judged(Fold([*fold.train, *fold.validation], [], fold.test), Shifted())
    assert len(outcome.fold.train) == len(outcome.fold.validation) == 2
    with pytest.raises(MetalearnError, match="no line to learn from"):
        judged(Fold([], [], fold.test), Shifted())


def test_a_method_that_cannot_be_trained_is_named_and_the_others_go_on():
    @dataclass(frozen=True)
    class Broken(Shifted):
        name: str = "broken"

        def train(self, tasks, setting, seed, cache):  # noqa: ARG002
            raise MetalearnError("too few lines")

    outcome = judged(a_fold(), Broken(), Shifted())
    assert outcome.failed == {"broken": "too few lines"}
    assert {row.method for row in outcome.rows} == {"shifted"}


def a_row(method, line, k, reached, *, kind="baseline", draw=0):
    return Row(method, kind, line, k, draw, k, reached, 0.5, 0.1, 0.2, 1.0)


def an_outcome(rows):
    return Outcome(Fold([], [], []), rows, {}, {}, {}, {})


def test_means_winners_and_paired_differences_by_hand():
    reached = {"ours": (0.5, 0.6), "trees on the labels": (0.4, 0.4), "pooled trees": (0.7, 0.1), "other": (0.3, 0.9)}
    rows = [a_row(method, line, 1, value, kind="ours" if method == "ours" else "baseline")
            for method, values in reached.items() for line, value in zip("ab", values, strict=True)]  # fmt: skip
    rows += [replace(row, draw=1) for row in rows]
    found = summarise([an_outcome(rows)])
    assert found["summary"][1]["ours"]["mean"] == pytest.approx(0.55)
    # 0.05 sqrt(2) is the deviation of two lines; 12.7062 / sqrt(2) times it on either side.
    assert found["summary"][1]["ours"]["high"] == pytest.approx(0.55 + 12.7062 * 0.05)
    assert found["winner"] == {1: "other"}
    assert found["best_baseline"] == {1: "other"}
    assert found["paired"][1]["mean"] == pytest.approx(-0.05)
    assert (found["paired"][1]["lines_won"], found["paired"][1]["lines"]) == (1, 2)
    assert found["crossover_k"] == {"trees on the labels": 1, "pooled trees": 1}


def test_the_crossover_is_the_smallest_k_from_which_on_ours_is_above():
    ours, trees = {0: 0.5, 1: 0.2, 5: 0.6, 20: 0.7}, {0: 0.1, 1: 0.4, 5: 0.5, 20: 0.6}
    rows = [a_row("ours", "a", k, value, kind="ours") for k, value in ours.items()]
    rows += [a_row("pooled trees", "a", k, value) for k, value in trees.items()]
    assert summarise([an_outcome(rows)])["crossover_k"] == {"pooled trees": 5}
    rows += [a_row("trees on the labels", "a", k, value + 0.3) for k, value in ours.items()]
    assert summarise([an_outcome(rows)])["crossover_k"]["trees on the labels"] is None


def test_lines_without_a_figure_are_left_out_of_differences():
    assert paired({"a": 0.5, "b": math.nan, "c": 0.2}, {"a": 0.4, "b": 0.1})["lines"] == 1


def test_baselines_alone_have_a_winner_and_nothing_to_pair():
    found = summarise([an_outcome([a_row("pooled trees", "a", 1, 0.3)])])
    assert (found["winner"], found["paired"]) == ({1: "pooled trees"}, {})


def test_controls_tell_what_each_damage_costs():
    outcome = judged(a_fold(), Shifted(), *methods_named(["pooled trees", "logistic"]))
    told = run_controls([outcome], {5: ["shifted", "logistic"]}, PLAN)
    assert set(told) == {
        "permuted_labels", "another_line", "first_in_time", "delay_7d", "reviewed_only", "wrong_labels_20pct",
        "without_repeats",
    }  # fmt: skip
    permuted = told["permuted_labels"][5]
    assert permuted["methods"]["logistic"]["difference"]["mean"] < 0
    assert permuted["paired"]["first"] == "shifted"
    assert permuted["methods"]["logistic"]["difference"]["lines"] == 2


def test_a_line_without_times_has_no_delay_and_one_without_repeats_keeps_all():
    lines = [cut_line(a_line(f"line-{at}", timed=False), PLAN) for at in range(4)]
    outcome = judged(Fold(lines[:2], lines[2:3], lines[3:]), Shifted())
    told = run_controls([outcome], {5: ["shifted"]}, PLAN)
    assert set(told) == {"permuted_labels", "another_line", "first_in_time", "wrong_labels_20pct"}
    assert told["permuted_labels"][5]["paired"] is None


def test_results_are_plain_json_and_the_page_names_the_winner(tmp_path):
    outcome = judged(a_fold(), Shifted(), *methods_named(["pooled trees", "prevalence"]))
    controls = run_controls([outcome], {5: ["shifted", "pooled trees"]}, PLAN)
    found = results_of([outcome], PLAN, controls, [("tiny", "has 1 frauds")])
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert {"rows", "summary", "winner", "best_baseline", "paired", "crossover_k", "training_s", "lines"} <= set(found)
    assert set(found["rows"][0]) >= {
        "method", "kind", "line", "k", "draw", "average_precision", "auc", "recall_at_1pct_alerts", "brier", "adapt_ms",
    }  # fmt: skip
    write_report(tmp_path / "report.html", "made", found)
    page = (tmp_path / "report.html").read_text()
    assert found["winner"]["5"] in page
    assert "tiny: has 1 frauds" in page
    assert "<svg" in page
    assert "http" not in page


def test_what_is_not_finite_becomes_null():
    assert plain({1: [math.nan, math.inf, 1.0], "a": (None, "x")}) == {"1": [None, None, 1.0], "a": [None, "x"]}
