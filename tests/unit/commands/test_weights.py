import json
import shutil
from pathlib import Path

import pytest

from stream.errors import UsageError
from stream.features.specification import PAYMENTS
from stream.scoring.initialisation import load_initialisation
from stream.settings import load_settings
from stream.weights_keys import signer_of, trust_of


def test_a_rollback_says_what_it_did_as_json(foreshot, monkeypatch):
    done = []
    monkeypatch.setattr("stream.transport.weights_admin.roll_back", lambda *at, **why: done.append((at[1:], why)))
    made = foreshot("weights", "rollback", "cards", "2", "--reason", "alerts doubled", "--by", "ana", "--json")
    assert made.code == 0
    assert done == [(("cards", 2), {"by": "ana", "reason": "alerts doubled"})]
    assert json.loads(made.out) == {"line": "cards", "version": 2, "by": "ana", "reason": "alerts doubled"}


def test_keys_are_made_once_secret_and_fit_each_other(foreshot, tmp_path):
    made = foreshot("weights", "keys", "--out", tmp_path / "keys", "--json")
    assert made.code == 0
    files = json.loads(made.out)
    private = Path(files["signing_key_file"])
    assert private.stat().st_mode & 0o777 == 0o600
    assert signer_of(load_settings({}, **files)) is not None
    before = private.read_bytes()
    again = foreshot("weights", "keys", "--out", tmp_path / "keys")
    assert again.code == 2
    assert "never written over" in again.err
    assert private.read_bytes() == before


def test_an_initialisation_signed_by_hand_loads_for_whoever_asks_for_signatures(
    foreshot, small_initialisation, tmp_path
):
    files = json.loads(foreshot("weights", "keys", "--out", tmp_path / "keys", "--json").out)
    file = tmp_path / "init.safetensors"
    shutil.copyfile(small_initialisation, file)
    trust = trust_of(load_settings({}, **files))
    with pytest.raises(UsageError, match=r"not signed; see `foreshot weights sign`"):
        load_initialisation(file, PAYMENTS, trust)
    made = foreshot("weights", "sign", file, "--signing-key-file", files["signing_key_file"])
    assert made.code == 0
    assert load_initialisation(file, PAYMENTS, trust).manifest.id in made.out
    file.write_bytes(file.read_bytes()[:-1] + b"\0")
    with pytest.raises(UsageError, match="changed or moved"):
        load_initialisation(file, PAYMENTS, trust)


def test_signing_needs_a_key_and_an_initialisation(foreshot, small_initialisation, tmp_path):
    made = foreshot("weights", "sign", small_initialisation)
    assert (made.code, "no key is set" in made.err) == (2, True)
    foreshot("weights", "keys", "--out", tmp_path)
    rubbish = tmp_path / "rubbish"
    rubbish.write_bytes(b"rubbish")
    made = foreshot("weights", "sign", rubbish, "--signing-key-file", tmp_path / "signing_key.pem")
    assert (made.code, "is not an initialisation" in made.err) == (2, True)
    assert not (tmp_path / "rubbish.sig").exists()
