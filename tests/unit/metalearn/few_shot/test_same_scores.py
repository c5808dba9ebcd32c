"""What a scorer computes is what training's own libraries, torch and LightGBM, would."""

from dataclasses import dataclass

import lightgbm
import numpy as np
import pytest
import safetensors.numpy
import torch

from metalearn.evidence import line_trees
from metalearn.evidence.forest import mean_of, parse_lightgbm
from metalearn.evidence.support_state import learn_support
from metalearn.few_shot import shared_trees
from metalearn.few_shot.adapted_head import HeadPlan, _hidden
from metalearn.few_shot.blend import evidence_scores, tree_scores
from metalearn.few_shot.cascade import cascade_line
from metalearn.few_shot.episode_bank import BankPlan, draw_support
from metalearn.few_shot.head_network import CLIP
from metalearn.few_shot.model import LineModel, SharedModel
from metalearn.few_shot.reference import split_reference
from metalearn.few_shot.tails import compressed
from metalearn.few_shot.training import FewShotPlan, train_shared_model
from metalearn.inner_loop import InnerLoop, descend
from metalearn.losses import balanced_cross_entropy
from metalearn.networks import for_tasks, forward
from metalearn.support import LineSupport
from tests.builders.few_shot import a_task

FEATURES = 6
PLAN = FewShotPlan(BankPlan(episodes=30, unlabelled=150), HeadPlan(steps=40, tasks=6))
EXACT = {"rel": 1e-6, "abs": 1e-6}
# Where many scores nearly tie a tail is steep: there the last bit of a member's float32 counts a hundred times.
STEEP = {"rel": 1e-4, "abs": 1e-4}


@dataclass
class Trained:
    """A line's model, the support it is of, rows to score, and LightGBM's own trees of each forest."""

    shared: SharedModel
    model: LineModel
    support: LineSupport
    rows: np.ndarray
    boosters: list

    def lightgbm(self, forest, rows):
        boosters = next(boosters for kept, boosters in self.boosters if kept is forest)
        return np.mean([booster.predict(rows, raw_score=True) for booster in boosters], axis=0)


@pytest.fixture(scope="module")
def trained():
    boosters = []

    def keep(text):
        forest = parse_lightgbm(text)
        boosters.append((forest, [lightgbm.Booster(model_str=text)]))
        return forest

    def joined(forests):
        forest = mean_of(forests)
        parts = [some for kept, some in boosters if any(kept is one for one in forests)]
        boosters.append((forest, [one for some in parts for one in some]))
        return forest

    task = a_task(FEATURES, 9)
    support = draw_support(task, np.arange(400), 6, 60, 300, np.random.default_rng(0))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(line_trees, "parse_lightgbm", keep)
        patch.setattr(shared_trees, "mean_of", joined)
        shared = train_shared_model([a_task(FEATURES, seed) for seed in range(3)], PLAN)
        model = shared.adapt(support)
    return Trained(shared, model, support, task.features[400:], boosters)


def in_torch(network, columns):
    """Return the body's output in float64."""
    standardised = np.clip((columns.astype(np.float64) - network.mean) / network.scale, -CLIP, CLIP)
    body = {name: torch.from_numpy(array).double() for name, array in network.layers.items()}
    last = len(network.layers) // 2 - 1
    return _hidden(
        {name: body[name] for name in body if not name.startswith(f"layer{last}")}, torch.from_numpy(standardised)
    )


def adapted_in_torch(network, columns, labels):
    seen, targets = in_torch(network, columns)[None], torch.from_numpy(labels).double()[None]
    weight, bias = network.head
    head = {"layer0.weight": torch.from_numpy(weight)[None], "layer0.bias": torch.tensor([bias]).double()}
    return descend(
        lambda now: balanced_cross_entropy(
            forward(now, seen), targets, torch.ones_like(targets), network.fraud_share
        ).sum(),
        for_tasks(head, 1),
        dict.fromkeys(head, network.rate),
        InnerLoop(network.steps, first_order=True),
    )


def learnt_from(trained):
    _, kept = split_reference(trained.support)
    return learn_support(trained.model.scale.extended_support(kept, trained.shared.pooled))


def logits_in_torch(trained, columns):
    network, learnt = trained.shared.network, learnt_from(trained)
    head = adapted_in_torch(network, learnt.columns, learnt.labels)
    return forward(head, in_torch(network, columns[:, : len(network.mean)])[None])[0].detach().numpy()


def columns_of(trained):
    return trained.model.state.columns(trained.model.scale.extended(trained.rows, trained.shared.pooled))


def test_the_head_adapts_in_numpy_as_it_does_in_torch(trained):
    learnt = learnt_from(trained)
    head = adapted_in_torch(trained.shared.network, learnt.columns, learnt.labels)
    assert trained.model.weight == pytest.approx(head["layer0.weight"][0, 0].detach().numpy(), rel=1e-9, abs=1e-9)
    assert trained.model.bias == pytest.approx(float(head["layer0.bias"][0, 0].detach()), rel=1e-9, abs=1e-9)


def test_the_adapted_networks_logits_are_torchs(trained):
    columns, model = columns_of(trained), trained.model
    logits = trained.shared.network.logits(columns[:, : len(trained.shared.network.mean)], model.weight, model.bias)
    assert logits == pytest.approx(logits_in_torch(trained, columns), **EXACT)


def test_every_forests_score_is_lightgbms(trained):
    columns, shared, state = columns_of(trained), trained.shared, trained.model.state
    extended = columns[:, : state.features]
    asked = [(shared.pooled, trained.rows), (shared.pointwise, columns), (shared.ranking, columns)]
    for forest, rows in [*asked, *((tree, extended) for tree in state.trees)]:
        assert forest.predict(rows) == pytest.approx(trained.lightgbm(forest, rows), **EXACT)


def test_rarity_from_end_to_end_is_what_torch_and_lightgbm_make_of_it(trained):
    columns, shared = columns_of(trained), trained.shared
    trees = [trained.lightgbm(forest, columns) for forest in (shared.pointwise, shared.ranking)]
    members = [logits_in_torch(trained, columns), *trees]
    model, state = trained.model, trained.model.state
    blend, features = model.blend, state.features
    weights = [blend.head_share, *2 * [(1 - blend.head_share) / 2]]
    rare = np.average([tail.apply(one) for tail, one in zip(blend.members, members, strict=True)], 0, weights)
    own = [*zip(blend.evidence, evidence_scores(columns, features), strict=True),
           *zip(blend.trees, tree_scores(columns, features), strict=True)]  # fmt: skip
    alone = np.mean([compressed(tail.apply(one)) for tail, one in own], axis=0)
    expected = (1 - blend.own_share) * compressed(rare) + blend.own_share * alone
    assert 0 < blend.own_share < 1
    assert model.full(trained.rows) == pytest.approx(expected, **STEEP)


def test_a_model_that_was_stored_scores_the_same_to_the_last_bit(trained):
    shared, line = (
        safetensors.numpy.load(safetensors.numpy.save(one.arrays())) for one in (trained.shared, trained.model)
    )
    back = LineModel.from_arrays(SharedModel.from_arrays(shared), line)
    assert np.array_equal(back.full(trained.rows), trained.model.full(trained.rows))
    assert np.array_equal(cascade_line(back, trained.rows), cascade_line(trained.model, trained.rows))
