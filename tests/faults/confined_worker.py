"""A worker on a state folder that is full or read-only: run it as `confined_worker.py full|read-only worker ...`.

A file system that is full cannot be made without mounting one, so a limit on the size of
files (RLIMIT_FSIZE) stands for it: a write past it fails as on a full disk, only with
another number. Read-only is for folders without write permission: the worker gives up the
right to pass over permissions, which root has.
"""

import ctypes
import os
import resource
import sys

_MOST_FILE_BYTES = 150_000
_PR_CAPBSET_DROP = 24
_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 1, 2


if __name__ == "__main__":
    if sys.argv[1] == "full":
        resource.setrlimit(resource.RLIMIT_FSIZE, (_MOST_FILE_BYTES, _MOST_FILE_BYTES))
    else:
        for capability in (_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH):
            ctypes.CDLL(None).prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    os.execv(sys.executable, [sys.executable, "-m", "stream.cli", *sys.argv[2:]])  # noqa: S606 - our own arguments
