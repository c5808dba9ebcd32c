"""What words cost and what they are worth: time a text, memory, loading; average precision with and without.

`make bench-text` measures the cost on one core; `--folder DIR` takes the model of a folder too, and
`--bert-base` one of FinBERT's shape with random weights, which cost what trained ones do.
`--tasks FILE --data DIR --text COLUMN` runs `foreshot evaluate --quick` twice, without and with that column,
and compares average precision line by line; `--planted` does so on made lines whose frauds their words tell,
in other words on the lines that are judged. Prints what it finds and writes OUT/text.json or OUT/gain.json.
"""

import argparse
import json
import multiprocessing
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from metalearn.evaluation.intervals import interval
from stream.text.cached_embedder import MOST_TEXTS, CachedEmbedder
from stream.text.open_embedder import DEFAULT_MODEL, open_embedder
from stream.text.reduction import fit_reduction
from tests.builders.text import VOCABULARY

GOODS = ("cocoa beans", "copper cathodes", "sawn spruce", "steel coils", "men's trousers", "ball bearings", "urea")
SAID = ("", ", fermented", " grade A", " in bulk", ", kiln dried, for export", " as of contract", " hot-dip zinc")
VAGUE = ("consulting services", "marketing and advisory fee", "management services", "agent's commission", "goodwill")
VAGUE_ELSEWHERE = (
    "business consultancy",
    "brand promotion, as agreed",
    "advisory work",
    "mediation fee",
    "fee for support",
)
METHODS = ("pooled trees", "trees on the labels", "foreshot")


def goods_texts(count):
    """Return different short texts as documents have them: 20 to 60 characters."""
    generator = np.random.default_rng(0)
    some = zip(generator.choice(GOODS, count), generator.choice(SAID, count), range(count), strict=True)
    return [f"{goods}{said}, lot {number}" for goods, said, number in some]


def long_texts(count):
    return [f"lot {number} " + "purchase of raw material and bridge until payment, " * 90 for number in range(count)]


def memory_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def us_each(work, count):
    start = time.process_time()
    work()
    return (time.process_time() - start) / count * 1e6


def cost_of(model, texts):
    before_mb, start, cpu = memory_mb(), time.perf_counter(), time.process_time()
    embedder = open_embedder(model, [Path()])
    figures = {"load s": time.perf_counter() - start, "load CPU s": time.process_time() - cpu}
    embedder.embed(["the first is slower"])
    figures["load MB"] = memory_mb() - before_mb
    some, tall = goods_texts(texts), long_texts(max(texts // 100, 3))
    cached = CachedEmbedder(embedder)
    figures["new us"] = us_each(lambda: cached.embed(some), texts)
    figures["cached us"] = us_each(lambda: cached.embed(some), texts)
    figures["4096 characters us"] = us_each(lambda: embedder.embed(tall), len(tall))
    embedded = cached.embed(some)
    reduction = fit_reduction(embedded, cached.name, 8)
    figures["fit ms"] = us_each(lambda: fit_reduction(embedded, cached.name, 8), 1e3)
    figures["reduce us"] = us_each(lambda: reduction.reduced(embedded, cached.name), texts)
    figures["full cache MB"] = MOST_TEXTS * embedder.width * 4 / 1e6
    return {"name": cached.name, "texts": texts, **figures}


def bert_base(folder):
    """Write a BERT of FinBERT's shape: 12 layers of 768 numbers."""
    from transformers import BertConfig, BertModel, BertTokenizerFast  # noqa: PLC0415

    pieces = [*VOCABULARY, *"abcdefghijklmnopqrstuvwxyz0123456789", *(f"##{c}" for c in "abcdefghijklmnopqrstuvwxyz")]
    folder.mkdir(parents=True)
    (folder / "vocab.txt").write_text("\n".join(pieces))
    BertTokenizerFast(vocab_file=str(folder / "vocab.txt")).save_pretrained(folder)
    BertModel(BertConfig(vocab_size=30_522)).save_pretrained(folder)
    return str(folder)


def apart(function, *arguments):
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(function, arguments)


def costs(args):
    found = {DEFAULT_MODEL: apart(cost_of, DEFAULT_MODEL, args.texts)}
    if args.folder:
        found["folder"] = apart(cost_of, str(args.folder.resolve()), args.model_texts)
    if args.bert_base:
        with tempfile.TemporaryDirectory() as folder:
            apart(bert_base, Path(folder) / "bert-base")
            found["bert-base, random"] = apart(cost_of, str(Path(folder) / "bert-base"), args.model_texts)
    return found


def evaluated(tasks, data, out, methods):
    chosen = [word for method in methods for word in ("--method", method)]
    command = [sys.executable, "-c", "from stream.cli import main; main()", "evaluate", "--quick", "--no-controls"]
    subprocess.run([*command, "--tasks", tasks, "--data", data, "--out", out, *chosen], check=True)
    rows = json.loads((out / "results.json").read_text())["rows"]
    return {(row["method"], row["k"], row["line"], row["draw"]): row["average_precision"] for row in rows}


def gain(args):
    content = yaml.safe_load(args.tasks.read_text())
    content["defaults"] = {**content.get("defaults", {}), "text": args.text}
    if args.model:
        content["defaults"]["text_model"] = str(args.model.resolve())
    args.out.mkdir(parents=True, exist_ok=True)
    with_text = args.out / f"{args.tasks.stem}_text.yaml"
    with_text.write_text(yaml.safe_dump(content))
    without = evaluated(args.tasks, args.data, args.out / "without", args.method)
    told = evaluated(with_text, args.data, args.out / "with", args.method)
    found = {}
    for method in args.method:
        for count in sorted({key[1] for key in without}):
            lines = sorted({key[2] for key in without})
            before, after = ([mean_of(rows, method, count, line) for line in lines] for rows in (without, told))
            won = interval(np.array(after) - np.array(before))
            figures = {"without": float(np.mean(before)), "with": float(np.mean(after))}
            found[f"{method}, K = {count}"] = {**figures, "gain": won.mean, "low": won.low, "high": won.high}
    return found


def planted(out):
    """Write lines whose frauds are told by vague words, new ones on the test lines, seven times of ten."""
    generator = np.random.default_rng(0)
    goods = [f"{one}{said}" for one in GOODS for said in SAID]
    parts, rows = {"train": 8, "validation": 4, "test": 8}, 3_000
    tables, entries = [], {section: [] for section in parts}
    for section, count in parts.items():
        vague = VAGUE_ELSEWHERE if section == "test" else VAGUE
        for name in (f"{section}-{number}" for number in range(count)):
            fraud = generator.random(rows) < 0.03
            told = generator.random(rows) < np.where(fraud, 0.7, 0.02)
            values = {f"v{at}": generator.standard_normal(rows) + 0.7 * fraud * (at == 0) for at in range(4)}
            words = np.where(told, generator.choice(vague, rows), generator.choice(goods, rows))
            entries[section].append({"name": name, "where": {"line": name}})
            tables.append(pa.table({**values, "text": words, "fraud": fraud, "line": [name] * rows}))
    out.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.concat_tables(tables), out / "rows.parquet")
    shared = {"events": "rows.parquet", "label": "fraud", "features": ["v0", "v1", "v2", "v3"]}
    (out / "planted.yaml").write_text(yaml.safe_dump({"defaults": shared, **entries}))
    return out / "planted.yaml"


def mean_of(rows, method, count, line):
    return float(np.mean([value for key, value in rows.items() if key[:3] == (method, count, line)]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, default=Path("out/text"))
    parser.add_argument("--texts", type=int, default=20_000)
    parser.add_argument("--folder", type=Path, help="Folder of a model whose cost is measured too.")
    parser.add_argument("--bert-base", action="store_true", help="Measure a model of FinBERT's shape.")
    parser.add_argument("--model-texts", type=int, default=200, help="Texts of those two.")
    parser.add_argument("--tasks", type=Path, help="Tasks file: measure what its texts are worth instead.")
    parser.add_argument("--data", type=Path, help="Folder of its files.")
    parser.add_argument("--text", default="text", help="Its column of words.")
    parser.add_argument("--model", type=Path, help="Folder of a model; else wordllama.")
    parser.add_argument("--method", nargs="*", default=METHODS)
    parser.add_argument("--planted", action="store_true", help="Measure it on made lines whose words tell.")
    args = parser.parse_args()
    if args.planted:
        args.tasks, args.data = planted(args.out), args.out
    found = gain(args) if args.tasks else costs(args)
    args.out.mkdir(parents=True, exist_ok=True)
    for what, figures in found.items():
        shown = (
            f"{name} {value:,.3f}" if isinstance(value, float) else f"{name} {value}" for name, value in figures.items()
        )
        print(f"{what:32}", *shown, flush=True)
    (args.out / ("gain.json" if args.tasks else "text.json")).write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
