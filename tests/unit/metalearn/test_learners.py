"""One conformance suite over every meta-learner, and the laws of each."""

import tracemalloc

import pytest
import torch

from metalearn.learners.bmaml import Bmaml, Ensemble
from metalearn.learners.learner import NetworkShape
from metalearn.learners.maml import Maml, step_shares
from metalearn.learners.reptile import Reptile
from metalearn.losses import huber, squared_error
from metalearn.networks import for_tasks, forward
from metalearn.outer_loop import OuterPlan, train_state
from metalearn.rows import Rows, joined, padded, rows_of

SHAPE = NetworkShape(2, (5, 4))
LEARNERS = {
    "MAML": Maml(SHAPE, squared_error, 3, 0.05),
    "FOMAML": Maml(SHAPE, squared_error, 3, 0.05, first_order=True),
    "ANIL": Maml(SHAPE, squared_error, 3, 0.05, head_only=True),
    "Meta-SGD": Maml(SHAPE, squared_error, 2, 0.05, learned_rates="parameter"),
    "MAML++": Maml(SHAPE, huber, 3, 0.05, learned_rates="layer_and_step", multi_step=True),
    "Reptile": Reptile(Maml(SHAPE, squared_error, 3, 0.05, first_order=True)),
    "BMAML": Bmaml(SHAPE, squared_error, 4, 2, 1, 0.02, prior_precision=0.1),
    "bias transformation": Maml(NetworkShape(2, (5, 4), spread=True, constants=3), squared_error, 3, 0.05),
    "ensemble": Ensemble(Maml(SHAPE, squared_error, 2, 0.05), 3),
}
# Their meta-loss is the very function that their gradient is of.
WITH_TRUE_GRADIENT = ("MAML", "ANIL", "Meta-SGD", "MAML++", "bias transformation", "ensemble")


def a_state(learner, seed=0):
    made = learner.initial_state(torch.Generator().manual_seed(seed), torch.float64)
    return {name: value.requires_grad_() for name, value in made.items()}


def some_rows(tasks=3, examples=6, seed=1):
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(tasks, examples, 2, generator=generator, dtype=torch.float64)
    return rows_of(inputs, torch.sin(inputs[..., 0]) + 0.3 * torch.randn(tasks, examples, generator=generator).double())


def task(rows, at):
    return Rows(rows.inputs[at : at + 1], rows.targets[at : at + 1], rows.weights[at : at + 1])


def close(one, other, tolerance=1e-12):
    torch.testing.assert_close(one, other, rtol=0, atol=tolerance)


@pytest.fixture(params=LEARNERS)
def learner(request):
    return LEARNERS[request.param]


def test_tasks_adapted_together_are_as_adapted_alone(learner):
    state, support = a_state(learner), some_rows()
    together = learner.adapt(state, support)
    for at in range(len(support)):
        alone = learner.adapt(state, task(support, at))
        for name, value in together.items():
            close(value[at], alone[name][0])


def test_the_meta_loss_is_the_mean_over_tasks_in_any_order(learner):
    state, support, query = a_state(learner), some_rows(), some_rows(seed=2)
    whole = learner.meta_loss(state, support, query)
    each = [learner.meta_loss(state, task(support, at), task(query, at)) for at in range(len(support))]
    close(whole, torch.stack(each).mean())
    order = [2, 0, 1]
    turned = [Rows(rows.inputs[order], rows.targets[order], rows.weights[order]) for rows in (support, query)]
    close(learner.meta_loss(state, *turned), whole)


def test_padding_changes_nothing(learner):
    state, support, query = a_state(learner), some_rows(), some_rows(seed=2)
    short = Rows(support.inputs[:, :4], support.targets[:, :4], support.weights[:, :4])
    mask = torch.arange(6) < 4
    filled = Rows(
        torch.where(mask[:, None], support.inputs, 7.0),
        torch.where(mask, support.targets, -3.0),
        mask.double().expand(3, 6),
    )
    close(learner.meta_loss(state, short, query), learner.meta_loss(state, filled, query))
    for name, value in learner.adapt(state, short).items():
        close(value, learner.adapt(state, filled)[name])


def test_the_state_is_not_changed_and_no_graph_stays_behind_an_adaptation(learner):
    state, support = a_state(learner), some_rows()
    before = {name: value.detach().clone() for name, value in state.items()}
    learner.adapt(state, support)
    learner.meta_loss(state, support, some_rows(seed=2)).backward()
    for name, value in state.items():
        close(value.detach(), before[name], 0.0)


def test_every_number_of_the_state_is_learnt_by_some_task(learner):
    state = a_state(learner)
    support, query = some_rows(8, 12), some_rows(8, 12, seed=2)
    learner.meta_loss(state, support, query, 0.1).backward()
    for name, value in state.items():
        assert value.grad is not None, name
        assert value.grad.abs().sum() > 0, name


def test_one_tasks_data_do_not_touch_anothers_weights(learner):
    state, support = a_state(learner), some_rows()
    moved = Rows(support.inputs.clone(), support.targets.clone(), support.weights)
    moved.targets[1] += 10.0
    one, other = learner.adapt(state, support), learner.adapt(state, moved)
    for name, value in one.items():
        close(value[[0, 2]], other[name][[0, 2]], 0.0)
    assert any((value[1] != other[name][1]).any() for name, value in one.items())


def test_predictions_have_a_row_for_every_task(learner):
    state, support, query = a_state(learner), some_rows(), some_rows(examples=9, seed=2)
    assert learner.predict(learner.adapt(state, support), query.inputs).shape == (3, 9)


def test_a_seed_gives_the_same_bits(learner):
    def draw(tasks, generator):
        rows = [torch.randn(tasks, 5, 2, generator=generator) for _ in range(2)]
        return tuple(rows_of(one, one[..., 0] ** 2) for one in rows)

    plan = OuterPlan(steps=4, tasks=3, seed=3)
    first, second = train_state(learner, draw, plan), train_state(learner, draw, plan)
    assert all(torch.equal(value, second[name]) for name, value in first.items())


def test_training_lowers_the_loss_after_adapting(learner):
    def draw(tasks, generator):
        x = torch.randn(tasks, 16, 2, generator=generator)
        slope = torch.randn(tasks, 1, generator=generator)
        rows = [rows_of(one, slope * one[..., 0]) for one in (x[:, :8], x[:, 8:])]
        return rows[0], rows[1]

    def error(state):
        support, query = draw(200, torch.Generator().manual_seed(9))
        return (learner.predict(learner.adapt(state, support), query.inputs) - query.targets).square().mean()

    start = learner.initial_state(torch.Generator().manual_seed(0))
    assert error(train_state(learner, draw, OuterPlan(steps=80, tasks=8, rate=1e-2))) < 0.9 * error(start)


def test_memory_stays_flat_over_many_adaptations(learner):
    state, support = a_state(learner), some_rows()
    for _ in range(20):
        learner.adapt(state, support)
    tracemalloc.start()
    kept = tracemalloc.take_snapshot()
    for _ in range(200):
        learner.adapt(state, support)
    grown = sum(stat.size_diff for stat in tracemalloc.take_snapshot().compare_to(kept, "filename"))
    tracemalloc.stop()
    assert grown < 200_000


@pytest.mark.parametrize("name", WITH_TRUE_GRADIENT)
def test_the_meta_gradient_passes_a_finite_difference_check(name):
    learner = LEARNERS[name]
    state, support, query = a_state(learner), some_rows(2, 4), some_rows(2, 4, seed=2)
    names = list(state)

    def loss(*values):
        return learner.meta_loss(dict(zip(names, values, strict=True)), support, query, 0.2)

    assert torch.autograd.gradcheck(loss, tuple(state.values()), eps=1e-6, atol=1e-6)


def flat(parameters):
    return torch.cat([value.reshape(-1) for value in parameters.values()])


def shaped(vector, like):
    parts = vector.split([value.numel() for value in like.values()])
    return {name: part.reshape(value.shape) for part, (name, value) in zip(parts, like.items(), strict=True)}


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 5])
def test_the_meta_gradient_is_the_product_of_explicit_hessians(steps):
    """(I - rate H_1)...(I - rate H_n) times the last loss's own: Finn et al., 2017, equation 1 differentiated."""
    rate = 0.05
    learner = Maml(SHAPE, squared_error, steps, rate)
    state, support, query = a_state(learner), some_rows(1), some_rows(1, seed=2)

    def loss_of(rows):
        return lambda vector: squared_error(
            forward(for_tasks(shaped(vector, state), 1), rows.inputs), rows.targets, rows.weights
        ).sum()

    at, factors = flat(state).detach(), []
    for _ in range(steps):
        hessian = torch.autograd.functional.hessian(loss_of(support), at)
        factors.append(torch.eye(len(at), dtype=at.dtype) - rate * hessian)
        at = at - rate * torch.autograd.functional.jacobian(loss_of(support), at)
    expected = torch.autograd.functional.jacobian(loss_of(query), at)
    for factor in reversed(factors):
        expected = factor @ expected
    found = torch.autograd.grad(learner.meta_loss(state, support, query), list(state.values()))
    close(flat(dict(zip(state, found, strict=True))), expected, 1e-9)


def meta_gradient(learner, state, support, query):
    found = torch.autograd.grad(learner.meta_loss(state, support, query), list(state.values()))
    return flat(dict(zip(state, found, strict=True)))


def test_first_order_is_second_order_where_the_inner_loss_is_linear():
    def linear(predictions, targets, weights):
        return (predictions * targets * weights).sum(-1)

    shape = NetworkShape(2, ())
    state = a_state(Maml(shape, linear))
    support, query = some_rows(), some_rows(seed=2)
    second, first = (
        meta_gradient(Maml(shape, linear, 3, 0.05, first_order=order), state, support, query) for order in (False, True)
    )
    close(second, first)


def test_the_distance_to_first_order_halves_with_the_rate():
    state, support, query = a_state(LEARNERS["MAML"]), some_rows(), some_rows(seed=2)

    def distance(rate):
        second, first = (
            meta_gradient(Maml(SHAPE, squared_error, 1, rate, first_order=order), state, support, query)
            for order in (False, True)
        )
        return float((second - first).norm())

    assert distance(1e-3) / distance(5e-4) == pytest.approx(2.0, rel=0.02)


def test_a_cut_graph_would_be_noticed():
    state, support, query = a_state(LEARNERS["MAML"]), some_rows(), some_rows(seed=2)
    second = meta_gradient(LEARNERS["MAML"], state, support, query)
    cut = meta_gradient(LEARNERS["FOMAML"], state, support, query)
    assert (second - cut).norm() > 1e-3 * second.norm()


@pytest.mark.parametrize("changed", [{"steps": 0}, {"rate": 0.0}])
def test_no_steps_and_no_rate_leave_the_initialisation(changed):
    learner = Maml(SHAPE, squared_error, **{"steps": 3, "rate": 0.05, **changed})
    state = a_state(learner)
    for name, value in learner.adapt(state, some_rows()).items():
        close(value, state[name].expand_as(value), 0.0)


def test_the_head_alone_adapts_in_anil():
    state = a_state(LEARNERS["ANIL"])
    adapted = LEARNERS["ANIL"].adapt(state, some_rows())
    moved = {name for name, value in adapted.items() if (value != state[name]).any()}
    assert moved == {"layer2.weight", "layer2.bias"}


def test_batched_tasks_give_what_vmap_and_a_loop_give():
    learner = Maml(SHAPE, squared_error, 3, 0.05)
    state, support, query = a_state(learner), some_rows(4), some_rows(4, seed=2)

    def one(inputs, targets, query_inputs, query_targets):
        current = dict(state)
        for _ in range(3):

            def loss(parameters):
                return (forward(parameters, inputs) - targets).square().mean()

            gradient = torch.func.grad(loss)(current)
            current = {name: value - 0.05 * gradient[name] for name, value in current.items()}
        return (forward(current, query_inputs) - query_targets).square().mean()

    mapped = torch.func.vmap(one)(support.inputs, support.targets, query.inputs, query.targets)
    each = zip(support.inputs, support.targets, query.inputs, query.targets, strict=True)
    looped = [one(*rows) for rows in each]
    batched = learner.meta_loss(state, support, query)
    close(batched, mapped.mean())
    close(batched, torch.stack(looped).mean())


def test_hidden_layers_are_rectified_and_the_output_is_not():
    parameters = {
        "layer0.weight": torch.tensor([[1.0], [-1.0]]),
        "layer0.bias": torch.zeros(2),
        "layer1.weight": torch.tensor([[2.0, 3.0]]),
        "layer1.bias": torch.tensor([-10.0]),
    }
    assert forward(parameters, torch.tensor([[2.0], [-4.0]])).tolist() == [-6.0, 2.0]


def test_meta_sgd_with_equal_rates_is_maml():
    maml, meta_sgd = LEARNERS["MAML"], Maml(SHAPE, squared_error, 3, 0.05, learned_rates="parameter")
    state = a_state(meta_sgd)
    plain = {name: value for name, value in state.items() if not name.startswith("rate.")}
    close(
        meta_sgd.meta_loss(state, some_rows(), some_rows(seed=2)), maml.meta_loss(plain, some_rows(), some_rows(seed=2))
    )


def test_each_step_has_its_own_rate_where_they_are_learned_by_step():
    learner = Maml(SHAPE, squared_error, 2, 0.05, learned_rates="layer_and_step")
    state, support = a_state(learner), some_rows()
    second_alone = {
        name: torch.tensor([0.0, 1.0], dtype=torch.float64) if name.startswith("rate.") else value
        for name, value in state.items()
    }
    plain = {name: value for name, value in state.items() if not name.startswith("rate.")}
    expected = Maml(SHAPE, squared_error, 1, 0.05).adapt(plain, support)
    for name, value in learner.adapt(second_alone, support).items():
        close(value, expected[name])


def test_all_steps_count_at_first_and_the_last_alone_from_half_way():
    assert step_shares(4, 0.0) == [0.25] * 4
    assert step_shares(4, 0.5) == step_shares(4, 1.0) == [0.0, 0.0, 0.0, 1.0]
    assert sum(step_shares(5, 0.2)) == pytest.approx(1.0)


def test_reptiles_gradient_is_the_way_back_from_where_the_tasks_end():
    learner = LEARNERS["Reptile"]
    state, support, query = a_state(learner), some_rows(), some_rows(seed=2)
    both = padded([rows_of(torch.cat([s, q]), torch.cat([t, u])) for s, q, t, u in zip(
        support.inputs, query.inputs, support.targets, query.targets, strict=True)])  # fmt: skip
    ends = learner.adapt(state, both)
    found = torch.autograd.grad(learner.meta_loss(state, support, query), list(state.values()))
    for gradient, (name, value) in zip(found, state.items(), strict=True):
        close(gradient, (value - ends[name]).mean(0))


def test_one_particle_ascends_to_the_maximum_a_posteriori():
    """One particle of BMAML is a gradient step of MAML at the rate that the likelihood implies."""
    rows = some_rows(examples=6)
    bmaml = Bmaml(SHAPE, squared_error, particles=1, steps=3, rate=0.01, noise=1.0)
    state = a_state(bmaml)
    maml = Maml(SHAPE, squared_error, 3, 0.01 * 6 / 2)
    adapted = maml.adapt({name: value[0] for name, value in state.items()}, rows)
    for name, value in bmaml.adapt(state, rows).items():
        close(value[:, 0], adapted[name])


def test_no_gradient_passes_through_the_leader():
    """The gradient is that of the distance to a leader that is no more than numbers."""
    learner = LEARNERS["BMAML"]
    state, support, query = a_state(learner), some_rows(), some_rows(seed=2)
    found = torch.autograd.grad(learner.meta_loss(state, support, query), list(state.values()))
    further = Bmaml(SHAPE, squared_error, 4, 0, 1, 0.02, prior_precision=0.1)
    chaser = learner._follow(learner._started(state, 3), support, learner.steps, seen_through=True)
    leader = {
        name: torch.from_numpy(value.detach().numpy().copy())
        for name, value in further._follow(
            {name: value.detach() for name, value in chaser.items()}, joined(support, query), 1, seen_through=False
        ).items()
    }
    distance = sum((value - leader[name]).square().sum() for name, value in chaser.items()) / 3
    for one, other in zip(found, torch.autograd.grad(distance, list(state.values())), strict=True):
        close(one, other)


def test_the_chaser_meets_its_leader_where_the_leader_goes_no_further():
    still = Bmaml(SHAPE, squared_error, 4, 2, leader_steps=0, rate=0.02)
    assert still.meta_loss(a_state(still), some_rows(), some_rows(seed=2)).item() == 0.0
