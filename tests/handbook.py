"""Trains on the handbook's cards up to 2018-07-11 and backtests the four weeks after it.

Run it with `make handbook`. It prints the weeks' figures and exits with 1 where their
mean is below what is promised.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

LEAST = {"auc": 0.878, "average_precision": 0.69, "card_precision_at_100": 0.285}


def foreshot(*words):
    subprocess.run([sys.executable, "-m", "stream.cli", *words], check=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, default=Path("out/handbook"))
    args = parser.parse_args()
    common = ["--lines", "lines/card_handbook.yaml", "--events", str(args.data / "card_handbook/transactions.parquet")]
    init = str(args.out / "init.safetensors")
    foreshot("train", *common, "--until", "2018-07-11", "--out", init)
    foreshot("backtest", *common, "--init", init, "--out", str(args.out))
    overall = json.loads((args.out / "metrics.json").read_text())["overall"]
    below = {name: overall[name] for name, least in LEAST.items() if overall[name] < least}
    print(json.dumps({"overall": overall, "below": below}, indent=2))
    sys.exit(1 if below else 0)


if __name__ == "__main__":
    main()
