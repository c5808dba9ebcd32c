"""Workers that live and do nothing: readiness must fail, and the gauge must show it, in time."""

import time
from pathlib import Path
from typing import ClassVar

from tests.faults.fault import Fault

KINDS = ("partition", "consumer", "thread", "adaptation")
SEEN_WITHIN_S = 30.0
_HURT_WORKER = Path(__file__).parent / "hurt_worker.py"


class Stall(Fault):
    """Hurt the only worker, see that it says so, and put a sound one in its place."""

    name = "stall"
    repeats = len(KINDS)
    per_round = len(KINDS)
    kinds = KINDS
    workers: ClassVar[dict[str, str]] = {"a0": "all"}

    def begin(self, site, chance):
        pass

    def strike(self, site, chance):
        kind = self.kinds[len(site.ports) % len(self.kinds)]
        name, file = f"a{len(site.ports)}", site.folder / f"{kind}.hurt"
        site.program = (str(_HURT_WORKER), kind, str(file))
        site.spawn(name, "all")
        site.pause(chance.uniform(0.0, 1.0))
        site.program = ("-m", "stream.cli")
        site.all_ready()
        file.touch()
        began_s = time.monotonic()
        site.wait_until(lambda: self._says_so(site, name), SEEN_WITHIN_S, f"a worker not ready: {kind}")
        took_s = round(time.monotonic() - began_s, 1)
        said = (site.reasons(name) or ["no answer"])[0]
        site.kill(name)
        return {"hurt": kind, "seen after": f"{took_s} s", "said": said}

    def _says_so(self, site, name):
        return bool(site.reasons(name)) and site.gauge(name, "foreshot_ready") == 0.0

    def end(self, site):
        site.spawn("a9", "all")
        site.all_ready()
