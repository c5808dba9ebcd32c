"""What a demo leaves behind: its initialisation, its events, its line files and the key of its ledgers."""

import shutil
from pathlib import Path

INITIALISATION = "init.safetensors"
TRAINING = "training.parquet"
LIVE = "live.parquet"
LEDGER_KEY = "ledger.key"


def keep_files(folder: Path, lines: Path, out: Path) -> None:
    """Copy a run's files.

    Args:
        folder: Of the run.
        lines: The line file, or the folder of line files.
        out: Where they are kept; made if missing.
    """
    out.mkdir(parents=True, exist_ok=True)
    for name in (INITIALISATION, TRAINING, LIVE, LEDGER_KEY):
        shutil.copyfile(folder / name, out / name)
    target = out / lines.name
    if lines.resolve() == target.resolve():
        return
    if lines.is_dir():
        shutil.copytree(lines, target, dirs_exist_ok=True)
    else:
        shutil.copyfile(lines, target)
