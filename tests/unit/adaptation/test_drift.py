import subprocess
import sys


def test_warming_up_loads_the_detector_in_a_fresh_process():
    said = "import sys; from stream.adaptation import drift; before = 'river' in sys.modules; drift.warm_up(); "
    script = said + "print(before, 'river' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
