"""Settings: what does not fit gets one line that names it."""

import pytest

from stream.errors import UsageError
from stream.settings import load_settings
from stream.transport import dead_letters
from stream.worker_parts import fingerprints_of


@pytest.mark.parametrize(
    "content",
    [b"\xff\xfe\x00", b"a: [", b"[" * 100_000, b"lines: 2024-99-99", b"- a", b"", b"1: x", b"? [a]\n: b", b"\x00"],
)
def test_a_settings_file_that_cannot_be_read_is_refused_by_name(tmp_path, content):
    path = tmp_path / "settings.yaml"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"settings\.yaml: "):
        load_settings({"FORESHOT_SETTINGS": str(path)})


@pytest.mark.parametrize(
    "line", ["sasl_password: [planted", "sasl_password: *planted", "sasl_password: {planted: ", "sasl_pasword: planted",
             "log_level: planted", "pseudonymise_subjects: planted", "sasl_password: [planted]"],
)  # fmt: skip
def test_a_settings_file_that_is_refused_shows_no_line_of_its_own(tmp_path, line):
    path = tmp_path / "settings.yaml"
    path.write_text(f"lines: here\n{line}\n")
    with pytest.raises(UsageError) as refused:
        load_settings({"FORESHOT_SETTINGS": str(path)})
    assert "planted" not in str(refused.value)
    assert "line" in str(refused.value) or "setting" in str(refused.value)


def test_an_unknown_setting_in_the_file_is_named(tmp_path):
    path = tmp_path / "settings.yaml"
    path.write_text("linse: here")
    with pytest.raises(UsageError, match="setting linse: "):
        load_settings({"FORESHOT_SETTINGS": str(path)})


@pytest.mark.parametrize("value", ["inf", "nan", "0", "-1"])
def test_a_horizon_is_a_finite_number_above_0(value):
    with pytest.raises(UsageError, match="setting label_horizon_days"):
        load_settings({"FORESHOT_LABEL_HORIZON_DAYS": value})


def test_a_window_too_short_for_the_dead_letter_limit_to_speak_is_refused():
    least = dead_letters._LEAST_RECORDS
    assert load_settings({"FORESHOT_DEAD_LETTER_WINDOW": str(least)}).dead_letter_window == least
    with pytest.raises(UsageError, match="dead_letter_window"):
        load_settings({"FORESHOT_DEAD_LETTER_WINDOW": str(least - 1)})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "documents need the key of their fingerprints; set FORESHOT_LEDGER_KEY_FILE"),
        ({"FORESHOT_LEDGER_KEY": "short"}, "FORESHOT_LEDGER_KEY: a key of 16 to 64 bytes is needed, not of 5"),
    ],
)
def test_documents_need_a_key_that_fits(given, message):
    with pytest.raises(UsageError, match=message):
        fingerprints_of(load_settings(given))
