from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from metalearn.checkpoint import Initialisation, InitialisationManifest
from metalearn.episode import support_of
from metalearn.errors import CheckpointError, MetalearnError
from metalearn.maml import RATES, adapt
from metalearn.piecewise import EDGES, encode, fit_edges
from metalearn.tasks.sampler import EpisodePlan, draw_episode
from metalearn.tasks.task import Task
from metalearn.tasks.time_split import split_at
from metalearn.training import TrainingPlan, train

PLAN = replace(
    TrainingPlan(), widths=(8,), bins=4, pooled_steps=12, meta_steps=8, meta_tasks=3, pooled_frauds=16,
    pooled_genuine=64, checkpoint_every=5,
)  # fmt: skip


def a_task(seed, n=400, frauds=40):
    generator = np.random.default_rng(seed)
    labels = np.zeros(n, np.int8)
    labels[generator.choice(n, frauds, replace=False)] = 1
    features = generator.normal(size=(n, 3)).astype(np.float32) + labels[:, None]
    at = np.sort(generator.uniform(0, 1e6, n))
    return Task(f"t{seed}", features.astype(np.float32), labels, at, at + 5e4)


def same(first, second):
    return all(np.array_equal(first.layers[name], second.layers[name]) for name in first.layers) and np.array_equal(
        first.rates, second.rates
    )


def test_the_same_seed_trains_the_same_bits_and_another_does_not():
    tasks = [a_task(seed) for seed in range(3)]
    assert same(train(tasks, PLAN), train(tasks, PLAN))
    assert not same(train(tasks, PLAN), train(tasks, replace(PLAN, seed=1)))


class Stop(Exception):
    pass


@pytest.mark.parametrize("phase", ["pooled", "meta"])
def test_an_interrupted_training_ends_with_the_bits_of_an_uninterrupted_one(tmp_path, phase):
    tasks, file = [a_task(seed) for seed in range(3)], tmp_path / "state"

    def stop(now, step, *_):
        if now == phase and step == 7:
            raise Stop

    with pytest.raises(Stop):
        train(tasks, PLAN, progress=stop, checkpoint=file)
    assert same(train(tasks, PLAN, checkpoint=file), train(tasks, PLAN))


def test_tasks_without_frauds_are_refused():
    with pytest.raises(MetalearnError, match="nothing to learn from"):
        train([a_task(0, frauds=0)], PLAN)


def test_a_support_is_earlier_and_known_before_every_query():
    task = a_task(1)
    for seed in range(50):
        generator = np.random.default_rng(seed)
        cut_s = float(generator.uniform(1e5, 9e5))
        before, after = split_at(task, cut_s)
        assert (task.label_known_at_s[before] < cut_s).all()
        assert (task.occurred_at_s[after] >= cut_s).all()
        episode = draw_episode(task, EpisodePlan(), generator)
        rows = {row.tobytes(): at for row, at in zip(task.features, task.occurred_at_s, strict=True)}
        known = {row.tobytes(): at for row, at in zip(task.features, task.label_known_at_s, strict=True)}
        newest = max(known[row.tobytes()] for row in episode.support.features)
        assert newest <= min(rows[row.tobytes()] for row in episode.query.features)


def an_initialisation():
    made = train([a_task(seed) for seed in range(3)], PLAN)
    manifest = InitialisationManifest(
        id="x", created_at="now", feature_hash="h", feature_names=("a", "b", "c"), widths=(8,), inner_steps=5,
        fraud_share=0.02,
    )  # fmt: skip
    return Initialisation(manifest, {**made.layers, RATES: made.rates, EDGES: made.edges})


def test_an_initialisation_comes_back_from_its_file_and_a_changed_one_does_not(tmp_path):
    made, file = an_initialisation(), tmp_path / "init.safetensors"
    made.save(file)
    found = Initialisation.load(file)
    assert found.manifest == made.manifest
    assert all(np.array_equal(found.arrays[name], made.arrays[name]) for name in made.arrays)
    content = bytearray(file.read_bytes())
    content[-3] ^= 1
    file.write_bytes(content)
    with pytest.raises(CheckpointError, match="digest"):
        Initialisation.load(file)
    file.write_bytes(b"rubbish")
    with pytest.raises(CheckpointError):
        Initialisation.load(file)


def test_adapting_to_nothing_gives_the_initialisation_and_to_frauds_raises_their_scores():
    made, task = an_initialisation(), a_task(9)
    nothing = adapt(made, support_of(np.empty((0, 3), np.float32), np.empty(0, np.float32)))
    assert all(np.array_equal(nothing[name], made.arrays[name]) for name in nothing)
    taught = adapt(made, support_of(task.features[:100], task.labels[:100].astype(np.float32)))
    assert not np.array_equal(taught["layer1.weight"], made.arrays["layer1.weight"])


def test_an_encoded_value_is_0_before_its_bin_1_beyond_it_and_between_inside():
    edges = np.array([[0.0, 1.0, 3.0, 3.0]], np.float32)
    rows = np.array([[-1.0], [0.5], [2.0], [9.0]], np.float32)
    assert encode(rows, edges).tolist() == [[0, 0, 0], [0.5, 0, 0], [1, 0.5, 0], [1, 1, 0]]


def test_edges_grow_even_where_a_feature_never_changes():
    rows = np.zeros((50, 2), np.float32)
    edges = fit_edges(rows, (np.arange(50) % 2).astype(np.int8), 4, np.random.default_rng(0))
    assert (np.diff(edges, axis=1) >= 0).all()
    assert np.isfinite(encode(rows, edges)).all()


@pytest.mark.parametrize("what", ["plan", "about", "labels", "rows", "nothing"])
def test_the_state_of_another_training_is_not_gone_on_with(tmp_path, what):
    tasks, file = [a_task(seed) for seed in range(3)], tmp_path / "state"
    train(tasks, PLAN, checkpoint=file, about="until 2020")
    plan, about = replace(PLAN, seed=1) if what == "plan" else PLAN, "2021" if what == "about" else "until 2020"
    if what == "labels":
        tasks[0] = replace(tasks[0], labels=np.where(np.arange(400) == 3, 1 - tasks[0].labels, tasks[0].labels))
    if what == "rows":
        tasks[0] = replace(tasks[0], features=tasks[0].features + np.float32(0.5))
    said = []
    found = train(tasks, plan, checkpoint=file, about=about, notice=said.append)
    assert len(said) == (what != "nothing")
    assert same(found, train(tasks, plan))


@pytest.mark.parametrize("content", [b"junk", b"", "folder", {"other": torch.zeros(2)}, {"steps": torch.zeros(2)}])
def test_what_is_no_training_state_is_refused_by_name(tmp_path, content):
    file = tmp_path / "state"
    if content == "folder":
        file.mkdir()
    elif isinstance(content, bytes):
        file.write_bytes(content)
    else:
        save_file(content, file)
    with pytest.raises(CheckpointError, match="is not a training state"):
        train([a_task(0)], PLAN, checkpoint=file)
