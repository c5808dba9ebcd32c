"""What the few-shot model costs as lines grow: adapting, a batch of 1,000 lines, scoring, training.

Run it with `make few-shot-scale`: everything on one thread, on lines drawn from seeds. Trains
10, 100, 300 and 1,000 lines, each in a process of its own, and measures the rest with the
model of the most lines. Prints a table and writes OUT/few_shot_scale.json; some ten minutes.
"""

import argparse
import json
import subprocess
import sys
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from metalearn.few_shot.adapted_head import HeadPlan
from metalearn.few_shot.cascade import cascade_line
from metalearn.few_shot.episode_bank import BankPlan
from metalearn.few_shot.model import SharedModel
from metalearn.few_shot.training import FewShotPlan, train_shared_model
from metalearn.support import LineSupport
from stream.features.specification import PAYMENTS
from stream.one_core import use_one_core
from tests.builders.few_shot import a_task

WIDTH = len(PAYMENTS.without_labels)
ROWS, FRAUDS = 3_000, 40
GENUINE_PER_FRAUD = 10
ADAPTED = ((1, 10), (5, 50), (20, 200), (50, 500))
SCORED = (1, 5, 20, 50)
MOST_FRAUDS = 32
BATCH = 512
MB = 1e6


@dataclass(frozen=True)
class Sizes:
    training: tuple[int, ...] = (10, 100, 300, 1_000)
    plan: FewShotPlan = field(default_factory=FewShotPlan)
    past: int = 5_000
    repeats: int = 50
    lines: int = 1_000
    line_past: int = 2_000
    batches: int = 100


WHOLE = Sizes()
SMALL_PLAN = FewShotPlan(BankPlan(episodes=24, unlabelled=100), HeadPlan(steps=10, tasks=4))
QUICK = Sizes((2, 4), SMALL_PLAN, past=600, repeats=3, lines=4, line_past=300, batches=3)


def a_support(seed, frauds, genuine, unlabelled):
    task = a_task(WIDTH, seed, frauds + genuine + unlabelled, frauds)
    others = task.features[task.labels == 0]
    return LineSupport(task.features[task.labels == 1], others[:genuine], others[genuine:])


def timed(work, *given):
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    made = work(*given)
    return made, time.perf_counter() - wall_s, time.process_time() - cpu_s


def middle_and_tail(work, given, unit):
    wall, cpu = np.array([timed(work, one)[1:] for one in given]).T * unit
    return {"median": float(np.median(wall)), "p95": float(np.quantile(wall, 0.95)), "cpu": float(cpu.mean())}


def adaptation(shared, sizes):
    found = {}
    for frauds, genuine in ADAPTED:
        supports = [a_support(seed, frauds, genuine, sizes.past) for seed in range(sizes.repeats + 1)]
        shared.adapt(supports.pop())
        found[f"{frauds}"] = middle_and_tail(shared.adapt, supports, 1e3)
    return found


def many_lines(shared, sizes):
    chance = np.random.default_rng(0)
    wall_s, cpu_s, bytes_of = 0.0, 0.0, []
    for line in range(sizes.lines):
        frauds = int(chance.integers(1, MOST_FRAUDS + 1))
        support = a_support(line, frauds, GENUINE_PER_FRAUD * frauds, sizes.line_past)
        model, wall, cpu = timed(shared.adapt, support)
        wall_s, cpu_s = wall_s + wall, cpu_s + cpu
        bytes_of.append(sum(array.nbytes for array in model.arrays().values()))
    memory = {"all_mb": sum(bytes_of) / MB, "largest_mb": max(bytes_of) / MB}
    return {"lines": sizes.lines, "wall_s": wall_s, "cpu_s": cpu_s, **memory}


def scoring(shared, sizes):
    found = {}
    for frauds in SCORED:
        model = shared.adapt(a_support(0, frauds, GENUINE_PER_FRAUD * frauds, sizes.line_past))
        rows = a_task(WIDTH, 0, BATCH * (sizes.batches + 1), BATCH).features
        first, *batches = np.split(rows, sizes.batches + 1)
        for way, score in (("full", model.full), ("cascade", partial(cascade_line, model))):
            score(first)
            found.setdefault(way, {})[f"{frauds}"] = middle_and_tail(score, batches, 1e6 / BATCH)
    return found


def peak_mb():
    """Return the most memory that this program, not the one that started it, has had."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) * 1024 / MB


def train(lines, plan, out):
    before_mb = peak_mb()
    tasks = [a_task(WIDTH, seed, ROWS, FRAUDS) for seed in range(lines)]
    shared, wall_s, cpu_s = timed(train_shared_model, tasks, plan)
    save_file(shared.arrays(), out)
    print(json.dumps({"wall_s": wall_s, "cpu_s": cpu_s, "peak_mb": peak_mb(), "imports_mb": before_mb}))


def trained(lines, quick, out):
    command = [sys.executable, "-m", "tests.few_shot_scale", "--train", f"{lines}", "--out", f"{out}"]
    done = subprocess.run([*command, *(["--quick"] if quick else [])], check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def told(found):
    for frauds, ms in found["adaptation"].items():
        yield f"adapting, {frauds:>2} frauds", f"{ms['median']:.1f} ms, p95 {ms['p95']:.1f}, {ms['cpu']:.1f} of a core"
    batch = found["batch"]
    yield f"adapting {batch['lines']:,} lines", f"{batch['wall_s']:.1f} s, {batch['cpu_s']:.1f} s of a core"
    yield f"{batch['lines']:,} lines' models", f"{batch['all_mb']:.0f} MB, the largest {batch['largest_mb']:.2f}"
    for way, counts in found["scoring"].items():
        for frauds, us in counts.items():
            tail = f"p95 {us['p95']:.1f}, {us['cpu']:.1f} of a core"
            yield f"{way} score, {frauds:>2} frauds", f"{us['median']:.1f} µs a row, {tail}"
    for lines, one in found["training"].items():
        memory = f"{one['peak_mb']:.0f} MB at most, {one['imports_mb']:.0f} of it before"
        yield f"training, {int(lines):>5,} lines", f"{one['wall_s']:.0f} s, {one['cpu_s']:.0f} s of a core, {memory}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, default=Path("out/few_shot_scale"))
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--lines", type=int, nargs="+", help="how many to train, in turn; the last model is measured")
    parser.add_argument("--train", type=int, metavar="LINES", help="train alone, the model into OUT")
    args = parser.parse_args()
    use_one_core()
    sizes = QUICK if args.quick else WHOLE
    if args.train:
        train(args.train, sizes.plan, args.out)
        return
    args.out.mkdir(parents=True, exist_ok=True)
    counts = args.lines or sizes.training
    models = {lines: args.out / f"{lines}_lines.safetensors" for lines in counts}
    training = {}
    for lines, file in models.items():
        training[f"{lines}"] = trained(lines, args.quick, file)
        print(f"{lines} lines are trained", flush=True)
    shared = SharedModel.from_arrays(load_file(models[counts[-1]]))
    found = {
        "adaptation": adaptation(shared, sizes),
        "batch": many_lines(shared, sizes),
        "scoring": scoring(shared, sizes),
        "training": training,
    }
    (args.out / "few_shot_scale.json").write_text(json.dumps(found, indent=2) + "\n")
    for what, figure in told(found):
        print(f"{what:26} {figure}")


if __name__ == "__main__":
    main()
