"""Starts the demo's workers, waits until they are ready, and always stops them."""

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from contextlib import ExitStack
from http.client import HTTPException
from pathlib import Path
from types import TracebackType
from typing import Self

from stream.errors import ForeshotError
from stream.settings import ENVIRONMENT_PREFIX
from stream.transport.embedded_broker import die_with_parent

_HOST = "127.0.0.1"
_READY_S = 90.0
_STOP_S = 20.0
# What a shell says of proxies is not meant for this machine's own pages.
_open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open


def free_ports(count: int) -> list[int]:
    """Return different ports that nothing uses now."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind((_HOST, 0))
        return [int(probe.getsockname()[1]) for probe in probes]


class WorkerProcess:
    """One `foreshot worker` in a process of its own."""

    def __init__(self, role: str, port: int, settings: Mapping[str, str], log: Path) -> None:
        """Prepare; entering the context starts it.

        Args:
            role: score or learn.
            port: Of its web pages.
            settings: By environment variable; those of the shell do not reach it.
            log: Where it writes.
        """
        self._role = role
        self._command = [sys.executable, "-m", "stream.cli", "worker", "--role", role]
        self.port = port
        shell = {name: value for name, value in os.environ.items() if not name.startswith(ENVIRONMENT_PREFIX)}
        self._settings = {**shell, **settings, "FORESHOT_WEB_PORT": str(port), "FORESHOT_WEB_HOST": _HOST}
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start."""
        with ExitStack() as stack:
            log = stack.enter_context(self._log.open("ab"))
            self._process = subprocess.Popen(  # noqa: S603 - our own arguments
                self._command, env=self._settings, stdout=log, stderr=log,
                preexec_fn=die_with_parent,  # noqa: PLW1509 - one C call
            )  # fmt: skip
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop, by force where it does not obey."""
        process = self._process
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def wait_until_ready(self) -> None:
        """Wait until this very process answers /ready.

        Raises:
            ForeshotError: It ended, or was not ready in time; says what it wrote last.
        """
        deadline_s = time.monotonic() + _READY_S
        while time.monotonic() < deadline_s:
            if self._process is not None and self._process.poll() is not None:
                raise ForeshotError(f"the {self._role} worker ended at its start: {self._last_words()}")
            if self._is_ready():
                return
            time.sleep(0.2)
        raise ForeshotError(f"the {self._role} worker was not ready in {_READY_S:.0f} s: {self._last_words()}")

    def _is_ready(self) -> bool:
        try:
            self.page("ready")
            found = re.search(r"^foreshot_process_id (\S+)$", self.page("metrics"), re.MULTILINE)
            # Another program may have taken the port and answer anything.
            return found is not None and self._process is not None and float(found[1]) == self._process.pid
        except (OSError, HTTPException, ValueError):
            return False

    def _last_words(self) -> str:
        words = self._log.read_text(encoding="utf-8", errors="replace").split("\n")
        return next((line for line in reversed(words) if line.strip()), "it wrote nothing")

    def page(self, name: str) -> str:
        """Return one of its web pages."""
        with _open(f"http://{_HOST}:{self.port}/{name}", timeout=5) as answer:
            text: str = answer.read().decode()
        return text
