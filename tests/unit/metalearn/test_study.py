"""The study of sine waves: quick runs say what they did, and the statistics are what they are called."""

import json

import pytest
import torch
from click.testing import CliRunner

from metalearn.outer_loop import OuterPlan, chosen_device, judged, rate_at, train_state
from metalearn.soap import Soap
from metalearn.study.bayesian import over_seeds, split
from metalearn.study.gradient_protocols import QUICK, finn_trials, held_against, meta_sgd_trials
from metalearn.study.page import page
from metalearn.study.result import Result, stretches
from metalearn.study.trial import over_tasks
from metalearn.tasks.sinusoid import BAYESIAN, draw_waves
from stream.cli import foreshot


def a_result(method="MAML", reached=0.2, **changed):
    return Result("finn", method, "0.20", reached, (reached - 0.01, reached + 0.01), **changed)


def a_pool():
    generator = torch.Generator().manual_seed(0)
    return draw_waves(BAYESIAN, 8, generator).points(10, generator)


def run(tmp_path, *flags):
    return CliRunner().invoke(foreshot, ["study", "sinusoid", "--quick", "--out", str(tmp_path), *flags])


@pytest.mark.parametrize(("protocol", "rows"), [("finn", 8), ("meta-sgd", 9), ("bmaml", 5)])
def test_a_protocol_is_run_and_written_as_json_and_as_a_page(tmp_path, protocol, rows):
    ended = run(tmp_path, "--protocol", protocol, "--json")
    assert ended.exit_code == 0, ended.output
    found = json.loads(ended.stdout)
    assert found == json.loads((tmp_path / "sinusoid.json").read_text())
    assert found["quick"] is True
    assert len(found["results"]) == rows
    assert {one["protocol"] for one in found["results"]} == {protocol}
    made = (tmp_path / "sinusoid.html").read_text()
    assert all(f">{one['reached']:.3f}<" in made for one in found["results"])
    assert "the figures mean nothing" in made
    assert "http" not in made


def test_a_seed_gives_the_same_figures_and_another_does_not(tmp_path):
    def reached(seed):
        ended = run(tmp_path, "--protocol", "finn", "--json", "--seed", seed)
        return [one["reached"] for one in json.loads(ended.stdout)["results"]]

    first = reached("3")
    assert reached("3") == first
    assert reached("4") != first


def test_a_person_gets_a_table_that_says_what_was_not_met(tmp_path):
    ended = run(tmp_path, "--protocol", "finn")
    assert ended.exit_code == 0
    assert "MAML" in ended.stdout
    assert " no " in ended.stdout


def test_first_order_is_held_against_one_and_a_half_times_maml():
    maml = a_result()
    assert held_against(a_result("FOMAML", 0.29), maml).met is True
    assert held_against(a_result("FOMAML", 0.31), maml).met is False


def test_each_ablation_turns_one_switch_of_maml_plus_plus():
    full, *ablations = [one for one in meta_sgd_trials(0, QUICK) if one.method.startswith("MAML++")]
    for one in ablations:
        changed = [name for name in ("steps", "learned_rates", "multi_step", "first_order_share", "first_order")
                   if getattr(one.learner, name) != getattr(full.learner, name)]  # fmt: skip
        changed += [] if one.plan == full.plan else ["plan"]
        assert len(changed) == 1, one.method


def test_finns_protocol_is_judged_after_one_step_of_a_network_of_two_times_forty():
    for trial in finn_trials(0, QUICK):
        assert trial.learner.steps == 1
        assert trial.learner.shape.widths == (40, 40)


def test_a_waves_points_are_split_into_support_and_query_without_overlap():
    pool = a_pool()
    support, query = split(pool, torch.tensor([3, 1]), torch.Generator().manual_seed(1))
    for at, task in enumerate((3, 1)):
        together = sorted(torch.cat([support.inputs[at, :, 0], query.inputs[at, :, 0]]).tolist())
        assert together == sorted(pool.inputs[task, :, 0].tolist())
        assert support.targets.shape[1] == 5


def test_the_interval_over_seeds_is_students():
    """Mean 3, deviation √2.5 of five values: 3 ± 2.776 · √2.5 / √5."""
    low, high = over_seeds([1.0, 2.0, 3.0, 4.0, 5.0])
    assert (low, high) == pytest.approx((3 - 1.963, 3 + 1.963), abs=1e-3)


def test_the_interval_over_tasks_shrinks_with_their_number():
    errors = torch.tensor([1.0, 3.0]).repeat(200)
    low, high = over_tasks(errors)
    assert (low + high) / 2 == pytest.approx(2.0)
    assert high - low == pytest.approx(2 * 1.96 / 20, rel=0.01)


def test_a_curve_is_the_means_of_equal_stretches():
    assert stretches([float(at) for at in range(120)])[:2] == (0.5, 2.5)
    assert stretches([4.0]) == (4.0,)
    assert stretches([]) == ()


def test_a_training_that_diverged_is_said_to_have():
    lost = Result("finn", "MAML", "", float("nan"), (float("nan"),) * 2, curve=(1.0, float("nan")))
    assert json.loads(json.dumps(lost.as_json(), allow_nan=False))["reached"] is None
    made = page("A study", [lost, a_result()], [])
    assert "diverged" in made
    assert "nan" not in made


def test_the_page_escapes_what_it_shows():
    assert "<b>" not in page("A study", [a_result("<b>")], ["<b>"])


def test_the_rate_rises_over_the_warm_up_and_falls_along_half_a_cosine():
    plan = OuterPlan(steps=100, rate=2.0, warm_up=10)
    assert rate_at(0, plan) == pytest.approx(2.0 / 11)
    assert rate_at(50, plan) == pytest.approx(1.0)
    assert rate_at(99, plan) < 0.001
    assert rate_at(99, OuterPlan(steps=100, rate=2.0, cosine=False)) == 2.0


def test_soap_solves_in_the_eigenbasis_what_adam_crawls_along():
    """A badly scaled quadratic whose axes are turned: after as many steps SOAP is far closer."""
    generator = torch.Generator().manual_seed(0)
    left, right = (torch.linalg.qr(torch.randn(6, 6, generator=generator, dtype=torch.float64)).Q for _ in range(2))
    scales = torch.logspace(0, -3, 6, dtype=torch.float64)
    goal = torch.randn(6, 6, generator=generator, dtype=torch.float64)

    def distance(make):
        matrix = torch.zeros(6, 6, dtype=torch.float64, requires_grad=True)
        optimiser = make([matrix])
        for step in range(400):
            turned = left.T @ (matrix - goal) @ right
            loss = (scales[:, None] * scales[None, :] * turned.square()).sum()
            optimiser.zero_grad()
            loss.backward()
            for group in optimiser.param_groups:
                group["lr"] = 0.05 * (1 - step / 400)
            optimiser.step()
        return float((matrix - goal).norm().detach())

    soap, adam = distance(lambda one: Soap(one, 0.05)), distance(lambda one: torch.optim.Adam(one, lr=0.05))
    assert soap < 0.5 * adam


@pytest.mark.parametrize("shape", [(), (4,), (3, 5), (2, 3, 5), (1, 4)])
def test_soap_moves_a_parameter_of_any_shape_down_its_loss(shape):
    value = torch.randn(shape, generator=torch.Generator().manual_seed(0)).requires_grad_()
    before = float(value.detach().square().sum())
    optimiser = Soap([value], 0.03)
    for _ in range(60):
        optimiser.zero_grad()
        value.square().sum().backward()
        optimiser.step()
    assert float(value.detach().square().sum()) < 0.5 * before


def test_particles_are_preconditioned_each_by_its_own_gradients():
    together = torch.randn(2, 2, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64).requires_grad_()
    alone = together.detach()[1].clone().requires_grad_()
    optimisers = Soap([together], 0.1), Soap([alone], 0.1)
    for _ in range(15):
        for one, optimiser in zip((together, alone), optimisers, strict=True):
            optimiser.zero_grad()
            one.square().sum().backward()
            optimiser.step()
    torch.testing.assert_close(together[1], alone)


def test_a_state_is_judged_by_its_error_after_adapting():
    trial = finn_trials(0, QUICK)[0]
    pool = a_pool()
    state = train_state(trial.learner, lambda *_: (pool, pool), OuterPlan(1))
    found = judged(trial.learner, state, pool, pool)
    predicted = trial.learner.predict(trial.learner.adapt(state, pool), pool.inputs)
    torch.testing.assert_close(found, (predicted - pool.targets).square().mean(-1))


def test_auto_is_a_device_that_exists():
    assert chosen_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")
    assert chosen_device("cpu").type == "cpu"
