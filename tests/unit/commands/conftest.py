"""The command line in the tests' own process."""

import sys
from dataclasses import dataclass

import pytest

from stream import cli


@dataclass(frozen=True)
class Made:
    code: int
    out: str
    err: str


@pytest.fixture
def foreshot(monkeypatch, capsys):
    def run(*words):
        monkeypatch.setattr(sys, "argv", ["foreshot", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return Made(ended.value.code or 0, said.out, said.err)

    return run
