import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from metalearn.evaluation.contest import Fold
from metalearn.evaluation.few_shot import FewShotPlan, cut_line, standardised
from stream.errors import UsageError
from stream.tasks import text_folds as subject
from stream.tasks.line_texts import LineTexts
from stream.tasks.read_lines import LineReader
from stream.tasks.tasks_file import load_tasks
from stream.tasks.text_folds import fold_reduction, text_folds, text_model_of, with_text
from stream.text.reduction import fit_reduction, load_reduction
from tests.builders.evaluation_lines import a_line
from tests.builders.text import HashedWords

WORDS = ("cocoa", "copper", "steel", "timber", "cotton")


def the_texts(line, *, seed=0, offset=0):
    """Every fifth row has none."""
    generator = np.random.default_rng(seed)
    at = np.where(np.arange(len(line.task.labels)) % 5 == 0, -1, generator.integers(0, 3, len(line.task.labels)))
    return LineTexts([*(f"{word} {offset}" for word in WORDS[:3]), "in no row"], at)


@pytest.fixture
def fold():
    train, validation, test, without = (cut_line(a_line(name), FewShotPlan()) for name in ("a", "b", "c", "d"))
    return Fold([train, without], [validation], [test])


@pytest.fixture
def texts(fold):
    return {line.task.name: the_texts(line, offset=at) for at, line in
            enumerate((fold.train[0], *fold.validation, *fold.test))}  # fmt: skip


def test_the_reduction_is_fitted_on_training_lines_alone_each_text_once(fold, texts):
    fake = HashedWords()
    made = fold_reduction(fold, texts, fake, 2)
    assert sorted(fake.asked) == ["cocoa 0", "copper 0", "steel 0"]
    alone = fit_reduction(fake.embed(["cocoa 0", "copper 0", "steel 0"]), fake.name, 2)
    assert np.allclose(np.abs(made.axes @ alone.axes.T), np.eye(2), atol=1e-6)


def test_without_training_lines_those_of_validation_are_what_is_known(fold, texts):
    fake = HashedWords()
    fold_reduction(Fold([], fold.validation, fold.test), texts, fake, 2)
    assert sorted(fake.asked) == ["cocoa 1", "copper 1", "steel 1"]


def test_of_very_many_texts_some_are_fitted_on_the_same_every_time(fold, monkeypatch):
    monkeypatch.setattr(subject, "MOST_FITTED", 50)
    rows = len(fold.train[0].task.labels)
    many = {"a": LineTexts([f"text {at}" for at in range(rows)], np.arange(rows))}
    fakes = HashedWords(), HashedWords()
    one, other = (fold_reduction(fold, many, fake, 2) for fake in fakes)
    assert len(fakes[0].asked) == 50
    assert np.array_equal(one.axes, other.axes)


def test_lines_get_their_texts_reduced_and_standardised_by_their_own_past(fold, texts):
    fake = HashedWords()
    reduction = fold_reduction(fold, texts, fake, 2)
    made = with_text(fold, texts, fake, reduction)
    for before, after in zip([*fold.train, *fold.test], [*made.train, *made.test], strict=True):
        assert np.array_equal(after.task.features[:, :4], before.task.features)
        assert np.array_equal(after.query_features, after.task.features[after.query])
    line, told = made.test[0], texts["c"]
    raw = reduction.reduced(fake.embed([told.distinct[at] for at in told.at]), fake.name)
    raw[told.at < 0] = np.nan
    assert np.allclose(line.task.features[:, 4:], standardised(raw, line.past), atol=1e-5)


def test_rows_and_lines_without_text_stand_at_the_mean(fold, texts):
    fake = HashedWords()
    made = with_text(fold, texts, fake, fold_reduction(fold, texts, fake, 2))
    assert not made.train[1].task.features[:, 4:].any()
    assert not made.test[0].task.features[::5, 4:].any()
    assert made.test[0].task.features[1::5, 4:].any(1).all()


def test_texts_of_a_test_line_change_no_column_of_the_others(fold, texts):
    fake = HashedWords()
    other = {**texts, "c": LineTexts(["something else"] * 4, texts["c"].at)}
    one, two = (with_text(fold, some, fake, fold_reduction(fold, some, fake, 3)) for some in (texts, other))
    assert np.array_equal(one.train[0].task.features, two.train[0].task.features)
    assert np.array_equal(one.validation[0].task.features, two.validation[0].task.features)


def test_text_that_no_training_line_has_is_an_error(fold, texts):
    with pytest.raises(UsageError, match="no training line has words"):
        fold_reduction(fold, {"c": texts["c"]}, HashedWords(), 2)


def test_a_tasks_files_texts_become_columns_of_each_fold(tmp_path, monkeypatch):
    rows = 300
    generator = np.random.default_rng(0)
    raw = [None if at % 4 == 0 else f"{WORDS[at % 5]} {at % 3}".encode() for at in range(rows)]
    raw[1] = b"\xff broken"
    pq.write_table(
        pa.table({
            "v": generator.standard_normal(rows), "shop": [at % 3 for at in range(rows)],
            "fraud": [int(at % 7 == 0) for at in range(rows)], "words": pa.array(raw, pa.binary()),
        }),
        tmp_path / "rows.parquet",
    )  # fmt: skip
    shared = {"events": "rows.parquet", "label": "fraud", "features": ["v"], "text": "words", "text_dimensions": 3}
    entries = [{"each": "shop", "least_frauds": 5}]
    (tmp_path / "tasks.yaml").write_text(yaml.safe_dump({"folds": 3, "defaults": shared, "lines": entries}))
    declared = load_tasks(tmp_path / "tasks.yaml")
    reader = LineReader(tmp_path / "tasks.yaml", None)
    found, _ = reader.read(declared)
    lines = [cut_line(line, FewShotPlan()) for line in found["lines"]]
    monkeypatch.setattr(subject, "open_embedder", lambda *_: HashedWords())
    folds = [Fold([lines[at - 1]], [lines[at - 2]], [lines[at]]) for at in range(3)]
    made = text_folds(folds, reader.texts, text_model_of(declared, reader.folders), tmp_path)
    assert all(line.task.features.shape[1] == 4 for fold in made for line in (*fold.train, *fold.test))
    # Each line came in a random order, and its words with it.
    for line in found["lines"]:
        told = reader.texts[line.task.name]
        assert len(told.at) == len(line.task.labels)
        assert (told.at < 0).sum() == 25
    axes = [load_reduction(tmp_path / f"text_reduction_{number}.safetensors").axes for number in (1, 2, 3)]
    assert not np.allclose(axes[0], axes[1])


def test_a_tasks_file_without_text_leaves_the_folds_as_they_are(fold, tmp_path):
    (tmp_path / "tasks.yaml").write_text("folds: 2\nlines: [{name: a, events: e, label: l, features: v}]")
    made = text_folds([fold], {}, text_model_of(load_tasks(tmp_path / "tasks.yaml"), []), tmp_path)
    assert made == [fold]
    assert not list(tmp_path.glob("*.safetensors"))
