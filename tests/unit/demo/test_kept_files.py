from stream.demo.kept_files import INITIALISATION, LEDGER_KEY, LIVE, TRAINING, keep_files


def test_a_run_leaves_its_initialisation_events_and_lines(tmp_path):
    run, out, lines = tmp_path / "run", tmp_path / "out", tmp_path / "lines.yaml"
    run.mkdir()
    lines.write_text("lines: []")
    for name in (INITIALISATION, TRAINING, LIVE, LEDGER_KEY):
        (run / name).write_text(name)
    keep_files(run, lines, out)
    assert {one.name for one in out.iterdir()} == {
        "init.safetensors",
        "training.parquet",
        "live.parquet",
        "ledger.key",
        "lines.yaml",
    }
    assert (out / INITIALISATION).read_text() == INITIALISATION
    keep_files(run, out / "lines.yaml", out)
    assert (out / "lines.yaml").read_text() == "lines: []"
