"""Starts the demo's workers, waits until they are ready, and always stops them."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from stream.errors import ForeshotError

_READY_S = 90.0
_STOP_S = 20.0


class WorkerProcess:
    """One `foreshot worker` in a process of its own."""

    def __init__(self, role: str, port: int, settings: Mapping[str, str], log: Path) -> None:
        """Prepare; entering the context starts it.

        Args:
            role: score or learn.
            port: Of its web pages.
            settings: By environment variable.
            log: Where it writes.
        """
        self._role = role
        self.port = port
        self._settings = {**os.environ, **settings, "FORESHOT_WEB_PORT": str(port)}
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start."""
        with ExitStack() as stack:
            log = stack.enter_context(self._log.open("ab"))
            command = [sys.executable, "-m", "stream.cli", "worker", "--role", self._role]
            self._process = subprocess.Popen(command, env=self._settings, stdout=log, stderr=log)  # noqa: S603 - our own
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
        """Wait for /ready.

        Raises:
            ForeshotError: It ended, or was not ready in time.
        """
        deadline_s = time.monotonic() + _READY_S
        while time.monotonic() < deadline_s:
            if self._process is not None and self._process.poll() is not None:
                raise ForeshotError(f"the {self._role} worker ended at its start; see {self._log}")
            try:
                self.page("ready")
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
            else:
                return
        raise ForeshotError(f"the {self._role} worker was not ready in {_READY_S:.0f} s; see {self._log}")

    def page(self, name: str) -> str:
        """Return one of its web pages."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/{name}", timeout=5) as answer:
            text: str = answer.read().decode()
        return text
