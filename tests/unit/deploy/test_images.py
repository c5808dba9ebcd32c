"""The images: every package held by version and hash, the scorer's without torch."""

import re
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text()
STAGES = {part.split()[2]: part for part in re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)[1:]}
LOCKS = ("requirements-build.lock", "requirements-scorer.lock", "requirements-learner.lock")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def pins(name):
    """Return the pinned lines of a lock and each one's hashes."""
    found = re.split(r"^(?=[a-z0-9])", (ROOT / name).read_text(), flags=re.MULTILINE)
    return {one.split(" \\")[0].strip(): re.findall(r"--hash=sha256:[0-9a-f]{64}", one) for one in found if one.strip()}


def names(lock):
    return {pin.split("==")[0] for pin in pins(lock)}


def required(words):
    return {re.match(r"[A-Za-z0-9-]+", word)[0].lower() for word in words}


@pytest.mark.parametrize("stage", STAGES)
def test_an_image_installs_what_a_lock_holds_with_hashes_or_its_own_wheel_without_a_network(stage):
    for command in re.findall(r"^RUN (pip .+)$", STAGES[stage], re.MULTILINE):
        lock = re.search(r"--require-hashes -r (\S+)$", command)
        if lock is None:
            assert {"--no-deps", "--no-index"} <= set(command.split())
        else:
            assert lock[1] in LOCKS
            assert f"COPY {lock[1]} ./" in STAGES[stage]


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_pins_every_package_with_hashes_and_names_no_index(lock):
    assert pins(lock)
    assert all("==" in pin and hashes for pin, hashes in pins(lock).items())
    assert not re.search(r"https?://|--index|--extra-index", (ROOT / lock).read_text())


@pytest.mark.parametrize("lock", LOCKS[1:])
def test_an_image_has_the_versions_that_are_tested(lock):
    assert pins(lock).keys() <= pins("requirements.lock").keys()


def test_every_image_has_what_its_role_needs_and_the_scorer_no_more():
    own, extras = PROJECT["project"]["dependencies"], PROJECT["project"]["optional-dependencies"]
    scorer, learner = names("requirements-scorer.lock"), names("requirements-learner.lock")
    assert required(own) <= scorer
    assert not scorer & required(extras["learn"] + extras["broker"] + extras["dev"])
    assert required(own + extras["learn"]) <= learner
    assert required(PROJECT["build-system"]["requires"]) <= names("requirements-build.lock")
    assert PROJECT["dependency-groups"]["build"] == PROJECT["build-system"]["requires"]


def test_nothing_that_is_copied_is_kept_from_the_build():
    ignored = (ROOT / ".dockerignore").read_text().split()
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    for source in (one for words in copied for one in words.split()):
        assert (ROOT / source).exists()
        assert not any(fnmatch(source, pattern) for pattern in ignored)


@pytest.mark.parametrize("stage", ["scorer", "learner"])
def test_an_image_runs_as_a_user_without_rights_that_is_named_by_number(stage):
    assert STAGES[stage].startswith("base ")
    (user,) = re.findall(r"^USER (.+)$", STAGES[stage], re.MULTILINE)
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user)
    # The last word: nothing is done as root after it.
    assert STAGES[stage].rstrip().endswith(f"USER {user}")
    uid, gid = user.split(":")
    assert f"install --directory --owner={uid} --group={gid} --mode=0700 /state" in STAGES["base"]
    assert f"--uid {uid} --gid {gid}" in STAGES["base"]


def test_all_that_an_image_writes_goes_to_a_volume_or_to_tmp():
    environment = dict(re.findall(r"(\w+)=(\S+)", re.search(r"^ENV (.+)$", STAGES["base"], re.MULTILINE)[1]))
    assert environment["FORESHOT_STATE_FOLDER"] in re.findall(r"^VOLUME (\S+)$", STAGES["base"], re.MULTILINE)
    assert environment["NUMBA_CACHE_DIR"].startswith("/tmp/")  # noqa: S108 - the image's own
    assert environment["PYTHONDONTWRITEBYTECODE"] == "1"
    assert "--home-dir /tmp" in STAGES["base"]


def test_no_image_holds_a_secret():
    assert not re.search(r"^(ENV|ARG) .*(PASSWORD|KEY|SECRET|TOKEN)", DOCKERFILE, re.MULTILINE)
