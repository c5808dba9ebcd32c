"""The learner's state folder: full, read-only, truncated, corrupted, gone."""

import shutil
from pathlib import Path
from typing import ClassVar

from tests.faults.fault import Fault

KINDS = ("full", "read-only", "truncated", "corrupted", "gone")
_CONFINED_WORKER = Path(__file__).parent / "confined_worker.py"
_STOPS_S = 90
_HURTABLE = (".log", ".sst")


class StateFolder(Fault):
    """Break the folder of the one learner; it must come back or stop with a word on what to do."""

    name = "state-folder"
    repeats = 2 * len(KINDS)
    per_round = len(KINDS)
    kinds = KINDS
    workers: ClassVar[dict[str, str]] = {"s0": "score", "l0": "learn"}

    def strike(self, site, chance):
        site.all_ready()
        site.pause(chance.uniform(2.0, 4.0))
        kind = self.kinds[site.turn % len(self.kinds)]
        site.turn += 1
        site.kill("l0")
        before = (site.folder / "l0.log").stat().st_size
        folder = site.folder / "l0" / "features"
        if kind in ("full", "read-only"):
            said = self._stops(site, kind, folder)
        else:
            _break(kind, folder, chance)
            site.spawn("l0")
            site.all_ready()
            said = (site.folder / "l0.log").read_text()[before:].strip().splitlines()[:1]
        return {"folder": kind, "said": said}

    def _stops(self, site, kind, folder):
        if kind == "read-only":
            for one in [*folder.iterdir()]:
                one.chmod(0o555)
        site.program = (str(_CONFINED_WORKER), kind)
        process = site.spawn("l0")
        # Not tended: it must stop by itself and say why.
        code = process.wait(_STOPS_S)
        said = site.last_line("l0")
        assert code == 1, f"{kind}: ended with {code}: {said}"
        assert "feature store" in said, f"{kind}: {said}"
        site.program = ("-m", "stream.cli")
        for one in folder.iterdir():
            one.chmod(0o755)
        site.spawn("l0")
        site.all_ready()
        return said


def _break(kind, folder, chance):
    if kind == "gone":
        shutil.rmtree(folder)
        return
    for store in sorted(folder.iterdir()):
        files = sorted(one for one in store.iterdir() if one.suffix in _HURTABLE or one.name.startswith("MANIFEST"))
        file = chance.choice([one for one in files if one.stat().st_size > 0])
        content = bytearray(file.read_bytes())
        middle = chance.randrange(len(content))
        if kind == "truncated":
            del content[middle:]
        else:
            for at in range(middle, min(middle + 64, len(content))):
                content[at] ^= 0xFF
        file.write_bytes(content)
