"""Nothing that comes as data is ever run: no source unpickles, evaluates or loads objects from a file."""

import os
import pickle
import re
from pathlib import Path

import pytest

from metalearn.checkpoint import Initialisation
from metalearn.errors import CheckpointError
from stream.errors import WeightsRefusedError
from stream.features.specification import PAYMENTS
from stream.scoring.line_weights import LineWeights

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path for folder in ("stream", "metalearn") for path in (ROOT / folder).rglob("*.py"))
RUNS_DATA = re.compile(
    r"(?<!safetensors\.)\b(?:c?pickle|cloudpickle|dill|joblib|marshal|shelve|allow_pickle|torch\.load|np\.load|numpy\.load|read_pickle"
    r"|yaml\.(?:load|full_load|unsafe_load|Loader|UnsafeLoader))\b|(?<![\w.])(?:eval|exec|__import__)\("
)


class Harm:
    def __init__(self, file):
        self._file = file

    def __reduce__(self):
        return os.mkdir, (str(self._file),)


def test_no_source_knows_a_way_to_run_what_it_reads():
    assert len(SOURCES) > 200
    found = [f"{path}:{at}" for path in SOURCES for at, line in enumerate(path.read_text().splitlines(), 1)
             if RUNS_DATA.search(line)]  # fmt: skip
    assert found == []


@pytest.mark.parametrize("line", ["import pickle", "x = torch.load(f)", "np.load(f, allow_pickle=True)", "eval(text)",
                                  "yaml.load(text, yaml.Loader)", "from joblib import load"])  # fmt: skip
def test_the_search_finds_what_it_looks_for(line):
    assert RUNS_DATA.search(line)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_in_the_place_of_weights_or_an_initialisation_is_refused_and_not_run(tmp_path, protocol):
    harmed, file = tmp_path / "harmed", tmp_path / "init.safetensors"
    content = pickle.dumps(Harm(harmed), protocol)
    file.write_bytes(content)
    with pytest.raises(WeightsRefusedError, match="is not a weights file"):
        LineWeights.from_bytes(content, PAYMENTS.hash)
    with pytest.raises(CheckpointError):
        Initialisation.load(file)
    assert not harmed.exists()
