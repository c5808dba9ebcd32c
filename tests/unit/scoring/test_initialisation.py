"""Which initialisations may score which lines."""

import numpy as np
import pytest

from metalearn.checkpoint import Initialisation, InitialisationManifest
from stream.errors import UsageError
from stream.features.specification import DOCUMENTS, PAYMENTS
from stream.scoring.few_shot import PREFIX
from stream.scoring.initialisation import load_initialisation
from tests.builders.few_shot import a_shared_model
from tests.builders.weights import weights_arrays


def an_initialisation(specification, path, feature_hash=None, few_shot=None):
    manifest = InitialisationManifest(
        id="init", created_at="", feature_hash=feature_hash or specification.hash, feature_names=specification.names,
        widths=(8, 8), inner_steps=1, fraud_share=0.1,
    )  # fmt: skip
    arrays = weights_arrays(len(specification.features))
    Initialisation(manifest, {**arrays, "inner.rate": np.full(3, 0.01, np.float32), **(few_shot or {})}).save(path)
    return path


@pytest.mark.parametrize("kind", [PAYMENTS, DOCUMENTS], ids=lambda one: one.kind)
def test_an_initialisation_of_the_lines_features_is_taken(kind, tmp_path):
    path = an_initialisation(kind, tmp_path / "init.safetensors")
    assert load_initialisation(path, kind).manifest.feature_hash == kind.hash
    assert load_initialisation(path, None).manifest.id == "init"


@pytest.mark.parametrize(
    ("made_for", "wanted", "said"),
    [
        (PAYMENTS, DOCUMENTS, "trained on lines of payments alone, and a line here reads documents"),
        (DOCUMENTS, PAYMENTS, "trained with lines of documents, and no line here reads them"),
    ],
)
def test_one_of_the_other_kind_is_refused_with_which_kind_is_wanted(made_for, wanted, said, tmp_path):
    path = an_initialisation(made_for, tmp_path / "init.safetensors")
    with pytest.raises(UsageError, match=said):
        load_initialisation(path, wanted)


def test_one_of_features_that_this_release_does_not_make_is_refused(tmp_path):
    path = an_initialisation(PAYMENTS, tmp_path / "init.safetensors", feature_hash="older")
    for wanted in (PAYMENTS, None):
        with pytest.raises(UsageError, match="trained for other features"):
            load_initialisation(path, wanted)


def test_one_whose_few_shot_model_is_a_former_releases_is_refused_with_what_to_do(tmp_path):
    shared = a_shared_model(len(PAYMENTS.without_labels)).arrays(PREFIX)
    path = an_initialisation(PAYMENTS, tmp_path / "init.safetensors", few_shot=shared)
    assert load_initialisation(path, PAYMENTS).manifest.id == "init"
    former = {**shared, PREFIX + "numbers": shared[PREFIX + "numbers"][:6]}
    an_initialisation(PAYMENTS, path, few_shot=former)
    with pytest.raises(UsageError, match=r"init\.safetensors: cannot score: members of form 1.*`foreshot train`"):
        load_initialisation(path, PAYMENTS)
