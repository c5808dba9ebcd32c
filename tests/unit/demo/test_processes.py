"""The demo's workers: on free ports, with settings of their own, told from other programs."""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from stream.demo import processes
from stream.demo.processes import WorkerProcess, free_ports
from stream.errors import ForeshotError
from stream.metrics import Metrics


@pytest.fixture
def other_program():
    """Another program's server: it answers every page with 200 and its `page`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(server.page)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.page = b"hello"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def program(worker, code):
    """Make `worker` start a program of the test's in place of a worker."""
    worker._command = [sys.executable, "-c", code]
    return worker


SLEEP = "import time; time.sleep(60)"


def test_ports_are_free_and_differ():
    ports = free_ports(8)
    assert len(set(ports)) == 8
    for port in ports:
        ThreadingHTTPServer(("127.0.0.1", port), BaseHTTPRequestHandler).server_close()


def test_a_worker_that_ends_at_its_start_is_told_with_its_own_last_words(other_program, tmp_path):
    settings = {"FORESHOT_LINES": "nowhere"}
    with (
        WorkerProcess("score", other_program.server_port, settings, tmp_path / "log") as worker,
        pytest.raises(ForeshotError, match=r"the score worker ended at its start: foreshot: nowhere: cannot be read"),
    ):
        worker.wait_until_ready()


def test_a_worker_that_says_nothing_is_told_so(tmp_path):
    worker = program(WorkerProcess("learn", free_ports(1)[0], {}, tmp_path / "log"), "raise SystemExit(1)")
    with worker, pytest.raises(ForeshotError, match="ended at its start: it wrote nothing"):
        worker.wait_until_ready()


@pytest.mark.parametrize("page", [b"hello", b"\xff", b"foreshot_process_id 1.0\n", b"foreshot_process_id 1.2.3\n"])
def test_another_program_on_the_port_is_not_taken_for_the_worker(other_program, tmp_path, monkeypatch, page):
    monkeypatch.setattr(processes, "_READY_S", 0.3)
    other_program.page = page
    code = f"import sys; print('still starting', flush=True); {SLEEP}"
    with (
        program(WorkerProcess("score", other_program.server_port, {}, tmp_path / "log"), code) as worker,
        pytest.raises(ForeshotError, match="was not ready"),
    ):
        worker.wait_until_ready()


def test_the_worker_itself_is_recognised_by_its_process(other_program, tmp_path):
    with program(WorkerProcess("score", other_program.server_port, {}, tmp_path / "log"), SLEEP) as worker:
        metrics = Metrics()
        metrics.gauge("foreshot_process_id", worker._process.pid)
        other_program.page = metrics.exposition()
        worker.wait_until_ready()


def test_settings_in_the_shell_do_not_reach_a_worker(tmp_path, monkeypatch):
    monkeypatch.setenv("FORESHOT_TOPIC_PREFIX", "mine-")
    monkeypatch.setenv("FORESHOT_SETTINGS", "/nowhere.yaml")
    monkeypatch.setenv("OTHER", "kept")
    code = "import json, os; print(json.dumps(dict(os.environ)))"
    with program(WorkerProcess("score", 6099, {"FORESHOT_LINES": "lines"}, tmp_path / "log"), code) as worker:
        worker._process.wait(30)
    found = json.loads((tmp_path / "log").read_text())
    assert {name: value for name, value in found.items() if name.startswith("FORESHOT_")} == {
        "FORESHOT_LINES": "lines", "FORESHOT_WEB_PORT": "6099", "FORESHOT_WEB_HOST": "127.0.0.1",
    }  # fmt: skip
    assert found["OTHER"] == "kept"
