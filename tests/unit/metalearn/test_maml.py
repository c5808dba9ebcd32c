import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from metalearn.episode import Episode, support_of
from metalearn.inner_loop import InnerLoop, descend
from metalearn.learners.learner import NetworkShape
from metalearn.losses import balanced_cross_entropy
from metalearn.maml import fraud_learner, rows_of_supports, state_with
from metalearn.networks import initial_parameters


def half_square(weights, inputs):
    return 0.5 * (weights["w"] @ inputs) ** 2


def hand_worked(first_order):
    w = torch.tensor([2.0, 3.0, 5.0], dtype=torch.float64, requires_grad=True)
    inner, outer = (torch.tensor(x, dtype=torch.float64) for x in ([1.0, 2.0, 3.0], [4.0, 5.0, 6.0]))
    adapted = descend(lambda now: half_square(now, inner), {"w": w}, {"w": 0.5}, InnerLoop(1, first_order))
    loss = half_square(adapted, outer)
    return adapted["w"].tolist(), loss.item(), torch.autograd.grad(loss, w)[0].tolist()


def test_one_step_and_its_meta_gradient_are_what_the_hand_works_out():
    weights, loss, gradient = hand_worked(first_order=False)
    assert weights == [-9.5, -20.0, -29.5]
    assert loss == 49612.5
    assert gradient == [3780.0, 8505.0, 13230.0]


def test_first_order_leaves_the_hessian_out():
    _, _, gradient = hand_worked(first_order=True)
    assert gradient == [4 * -315.0, 5 * -315.0, 6 * -315.0]


def episodes(count, seed=0, inputs=5):
    generator = np.random.default_rng(seed)

    def rows(n):
        labels = (np.arange(n) % 3 == 0).astype(np.float32)
        return support_of(generator.normal(size=(n, inputs)).astype(np.float32), labels)

    return [Episode(rows(int(generator.integers(4, 9))), rows(6)) for _ in range(count)]


def parameters(seed=0, inputs=5):
    made = initial_parameters(inputs, (4,), torch.Generator().manual_seed(seed), torch.float64)
    return {name: value.requires_grad_() for name, value in made.items()}


def a_learner(steps, *, first_order, unadapted_share=0.0):
    return fraud_learner(NetworkShape(5, (4,)), steps, 0.3, first_order=first_order, unadapted_share=unadapted_share)


def state(parameters, rate):
    return state_with(parameters, {name: torch.tensor(rate, dtype=torch.float64) for name in parameters})


def meta_loss(parameters, rate, drawn, learner):
    support, query = (
        rows_of_supports([getattr(one, side) for one in drawn], torch.float64) for side in ("support", "query")
    )
    return learner.meta_loss(state(parameters, rate), support, query)


@pytest.mark.parametrize("steps", [1, 3])
def test_the_second_order_meta_gradient_passes_a_finite_difference_check(steps):
    start, drawn = parameters(), episodes(3)
    names = list(start)

    def loss(*values):
        given_values = dict(zip(names, values, strict=True))
        return meta_loss(given_values, 0.3, drawn, a_learner(steps, first_order=False, unadapted_share=0.25))

    assert torch.autograd.gradcheck(loss, tuple(start.values()), eps=1e-6, atol=1e-6)


def test_no_rate_and_no_steps_change_nothing():
    start, drawn = parameters(), episodes(2)
    without = meta_loss(start, 0.3, drawn, a_learner(0, first_order=True)).item()
    for first_order in (True, False):
        found = meta_loss(start, 0.0, drawn, a_learner(5, first_order=first_order)).item()
        assert found == pytest.approx(without, abs=1e-15)


def test_the_order_of_tasks_changes_nothing():
    start, drawn = parameters(), episodes(4)
    learner = a_learner(3, first_order=False)
    one = meta_loss(start, 0.3, drawn, learner).item()
    assert meta_loss(start, 0.3, drawn[::-1], learner).item() == pytest.approx(one, abs=1e-14)


def adapted(start, drawn):
    support = rows_of_supports([episode.support for episode in drawn], torch.float64)
    return a_learner(4, first_order=True).adapt(state(start, 0.3), support)


def test_padding_and_other_tasks_touch_no_tasks_weights():
    start, drawn = parameters(), episodes(3)
    together = adapted(start, drawn)
    for at, one in enumerate(drawn):
        alone = adapted(start, [one])
        for name, value in together.items():
            torch.testing.assert_close(value[at], alone[name][0], rtol=0, atol=1e-12)


@given(st.integers(0, 1_000), st.floats(0.05, 0.95))
@settings(max_examples=25, deadline=None)
def test_the_frauds_have_their_share_of_the_loss_whatever_their_number(seed, share):
    generator = torch.Generator().manual_seed(seed)
    labels = (torch.rand(40, generator=generator, dtype=torch.float64) < 0.2).double()
    labels[0], labels[1] = 1.0, 0.0
    logits = torch.randn(40, generator=generator, dtype=torch.float64)
    losses = torch.nn.functional.binary_cross_entropy_with_logits(logits, labels, reduction="none")
    expected = share * losses[labels == 1].mean() + (1 - share) * losses[labels == 0].mean()
    found = balanced_cross_entropy(logits, labels, torch.ones_like(labels), share)
    torch.testing.assert_close(found, expected)
