"""After its start a worker compiles nothing more for the ledgers."""

import subprocess
import sys

PROGRAM = """
from stream.ledger import ledger
from stream.ledger.fingerprint import Fingerprints
from stream.pipelines.warm_ledgers import warm_ledgers
from tests.unit.pipelines.test_claim_document import a_credit_note, a_request, asked, ran

names = ("take_documents", "put_back", "take_out", "fill_lists", "leave_all_lists")
kernels = [getattr(ledger, name) for name in names]
warm_ledgers(Fingerprints(b"k" * 16))
compiled = [list(kernel.signatures) for kernel in kernels]
assert all(compiled), compiled
installation = ran([a_request(f"fr-{at}", at / 9, number=f"N-{at * 7}") for at in range(40)], partitions=2, deaths=0.3)
installation.produce([a_credit_note()], __import__("random").Random(0))
installation.run(__import__("random").Random(0))
asked(installation, a_request())
assert [list(kernel.signatures) for kernel in kernels] == compiled
"""


def test_what_the_ledgers_run_is_compiled_once_they_are_warm():
    made = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
