import json
import logging
import socket
import subprocess
import sys

import numpy as np
import pytest

from stream.errors import UsageError
from stream.text import folder_model, word_vectors
from stream.text.folder_model import load_folder_model
from stream.text.open_embedder import open_embedder
from tests.builders.text import a_bert_folder


@pytest.fixture
def finbert(tmp_path):
    return a_bert_folder(tmp_path / "finbert")


@pytest.fixture
def _no_network(monkeypatch):
    def refuse(*_):
        raise AssertionError("asked for the network")

    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.mark.usefixtures("_no_network")
def test_models_load_without_the_network(finbert, tmp_path):
    assert open_embedder("wordllama", []).width == 256
    assert open_embedder("finbert", [tmp_path]).width == 32
    assert open_embedder(str(finbert), [tmp_path]).width == 32


def test_the_default_model_loads_no_torch_and_leaves_logging_alone():
    code = (
        "import logging, sys; from stream.text.open_embedder import open_embedder; open_embedder('wordllama', []);"
        "print(len(logging.getLogger().handlers), logging.getLogger().level,"
        " [one for one in ('torch', 'transformers', 'requests', 'wordllama') if one in sys.modules])"
    )
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert made.stdout.strip() == f"0 {logging.WARNING} []", made.stderr


def test_a_name_tells_models_apart(finbert, tmp_path):
    same, other = a_bert_folder(tmp_path / "b" / "finbert"), a_bert_folder(tmp_path / "c" / "finbert", seed=1)
    assert load_folder_model(finbert).name == load_folder_model(same).name
    assert load_folder_model(finbert).name != load_folder_model(other).name


def test_a_classifiers_folder_gives_the_model_under_it(finbert):
    from transformers import BertForSequenceClassification, BertTokenizerFast  # noqa: PLC0415

    pieces = BertTokenizerFast.from_pretrained(finbert)(["cocoa beans"], return_tensors="pt")
    hidden = BertForSequenceClassification.from_pretrained(finbert).eval().bert(**pieces).last_hidden_state
    mean = hidden.detach().numpy()[0].mean(0)
    assert np.allclose(load_folder_model(finbert).embed(["cocoa beans"])[0], mean / np.linalg.norm(mean), atol=1e-6)


def test_loading_a_classifier_prints_nothing(finbert, capfd):
    capfd.readouterr()
    load_folder_model(finbert)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        (["config.json"], "has no config.json"),
        (["model.safetensors"], "has no model.safetensors; docs/text.md"),
        (["tokenizer.json", "vocab.txt"], "has no tokenizer"),
    ],
)
def test_a_missing_file_is_named_in_one_line(finbert, lost, said):
    for name in lost:
        (finbert / name).unlink(missing_ok=True)
    with pytest.raises(UsageError) as raised:
        load_folder_model(finbert)
    assert f"{finbert}: {said}" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_pickled_weights_are_never_read(finbert):
    (finbert / "model.safetensors").rename(finbert / "pytorch_model.bin")
    with pytest.raises(UsageError, match=r"pytorch_model\.bin is not read, since it may run code"):
        load_folder_model(finbert)


def test_code_that_a_folder_brings_never_runs(finbert, tmp_path):
    (finbert / "own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Own: pass\n")
    config = json.loads((finbert / "config.json").read_text())
    own = {"AutoConfig": "own.Own", "AutoModel": "own.Own", "AutoTokenizer": ["own.Own", "own.Own"]}
    for model_type in ("bert", "own"):
        (finbert / "config.json").write_text(json.dumps({**config, "model_type": model_type, "auto_map": own}))
        try:
            load_folder_model(finbert)
        except UsageError as error:
            assert "\n" not in str(error)  # noqa: PT017 - either is right, code that ran is not
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("config.json", "{"),
        ("config.json", "[]"),
        ("config.json", '{"model_type": "nothing"}'),
        ("tokenizer.json", "{}"),
        ("model.safetensors", "no tensors"),
    ],
)
def test_a_broken_file_gets_one_line_with_the_folder(finbert, name, content):
    (finbert / name).write_text(content)
    with pytest.raises(UsageError) as raised:
        load_folder_model(finbert)
    assert str(raised.value).startswith(f"{finbert}: ")
    assert "\n" not in str(raised.value)


def test_weights_that_lack_layers_are_refused(finbert):
    config = json.loads((finbert / "config.json").read_text())
    (finbert / "config.json").write_text(json.dumps({**config, "num_hidden_layers": 3}))
    with pytest.raises(UsageError, match=r"model\.safetensors lacks 16 layers of the model, first encoder\.layer\.2"):
        load_folder_model(finbert)


def test_an_extra_that_is_not_installed_is_named(finbert, monkeypatch):
    monkeypatch.setattr(word_vectors, "find_spec", lambda _: None)
    monkeypatch.setattr(folder_model, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r"pip install 'foreshot\[text\]'"):
        open_embedder("wordllama", [])
    with pytest.raises(UsageError, match=r"pip install 'foreshot\[text-models\]'"):
        load_folder_model(finbert)


def test_a_model_that_is_not_there_is_told_with_where_it_was_sought(tmp_path):
    with pytest.raises(UsageError, match=f"text_model: finbert is neither wordllama nor a folder in {tmp_path}"):
        open_embedder("finbert", [tmp_path])
