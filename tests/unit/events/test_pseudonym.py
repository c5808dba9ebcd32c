"""Pseudonyms: the same for the same subject and key, and none without a key worth the name."""

import hashlib
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.errors import UsageError
from stream.events.pseudonym import Pseudonyms
from stream.settings import load_settings
from stream.worker_parts import pseudonyms_of

KEY = "a key of some length"


@given(st.text(), st.text())
def test_subjects_have_equal_pseudonyms_exactly_where_they_are_equal(one, other):
    named = Pseudonyms(KEY.encode())
    assert (named.of(one) == named.of(other)) == (one == other)


def test_a_pseudonym_is_the_keyed_hash_of_rfc_7693_and_another_key_gives_another():
    expected = hashlib.blake2b(b"card-17", key=KEY.encode(), digest_size=16).hexdigest()
    assert Pseudonyms(KEY.encode()).of("card-17") == f"~{expected}"
    assert Pseudonyms(b"another key of some length").of("card-17") != f"~{expected}"
    assert Pseudonyms.of_this_process().of("x") != Pseudonyms.of_this_process().of("x")


@pytest.mark.parametrize("key", ["short", "x" * 65])
def test_a_key_that_does_not_fit_is_refused_without_showing_it(key):
    with pytest.raises(UsageError, match="FORESHOT_PSEUDONYM_KEY: a key of 16 to 64 bytes") as refused:
        pseudonyms_of(load_settings({}, pseudonym_key=key))
    assert key not in str(refused.value)


def test_subjects_are_not_pseudonymised_without_a_key():
    assert pseudonyms_of(load_settings({})) is None
    with pytest.raises(UsageError, match="FORESHOT_PSEUDONYMISE_SUBJECTS needs a key"):
        pseudonyms_of(load_settings({}, pseudonymise_subjects="true"))


def test_whoever_has_the_key_finds_a_subject_again(tmp_path):
    (tmp_path / "key").write_text(KEY + "\n")
    command = [sys.executable, "-m", "stream.cli", "pseudonym", "--pseudonym-key-file", str(tmp_path / "key")]
    made = subprocess.run(command, input="card-17\ncard-18\n", capture_output=True, text=True)
    assert made.stdout.splitlines() == [Pseudonyms(KEY.encode()).of(one) for one in ("card-17", "card-18")]
