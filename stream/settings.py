"""The only place that reads the environment: every setting, its default and its meaning."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from stream.errors import UsageError

ENVIRONMENT_PREFIX = "FORESHOT_"
_NONE = SecretStr("")


class Settings(BaseModel):
    """Settings of a worker and of the commands that talk to Kafka.

    Every field may be given in the environment as `FORESHOT_` and its name in upper
    case, or in a YAML file named by `FORESHOT_SETTINGS`; the environment wins. Secrets
    show as stars wherever settings are shown; `secret_of` gives them out.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    bootstrap_servers: str = Field("127.0.0.1:9092", description="Kafka brokers, host:port, separated by commas.")
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="How brokers are spoken to: PLAINTEXT, SSL (TLS), SASL_PLAINTEXT or SASL_SSL."
    )
    ssl_ca_file: str = Field("", description="Authorities (PEM) that sign the brokers; the system's where empty.")
    ssl_certificate_file: str = Field("", description="This client's certificate chain (PEM), for mutual TLS.")
    ssl_key_file: str = Field("", description="The certificate's private key (PEM), if not in the same file.")
    ssl_key_password: SecretStr = Field(_NONE, description="Password of that key, or use the next.")
    ssl_key_password_file: str = Field("", description="File that holds that password.")
    sasl_mechanism: Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"] = Field(
        "SCRAM-SHA-512", description="How SASL logs in: SCRAM-SHA-512, SCRAM-SHA-256 or PLAIN."
    )
    sasl_username: str = Field("", description="User that SASL logs in.")
    sasl_password: SecretStr = Field(_NONE, description="The user's password, or use the next.")
    sasl_password_file: str = Field("", description="File that holds the user's password; its last line end is cut.")
    application: str = Field(
        "foreshot", pattern=r"^[A-Za-z0-9._-]{1,100}$", description="Consumer group and transaction prefix."
    )
    topic_prefix: str = Field(
        "", pattern=r"^[A-Za-z0-9._-]{0,100}$", description="Put before every topic's name, the lines' own included."
    )
    lines: str = Field("lines", description="Line files or folders of them, separated by commas.")
    initialisation: str = Field("", description="File of the shared initialisation, made by `foreshot train`.")
    signing_key_file: str = Field(
        "", description="Private key (Ed25519, PEM) that signs weights and initialisations; `foreshot weights keys`."
    )
    trusted_key_files: str = Field(
        "", description="Public keys, separated by commas; with any, weights that none of them signed are refused."
    )
    state_folder: Path = Field(Path(".foreshot/state"), description="Folder of the learner's feature store.")
    web_host: str = Field("127.0.0.1", description="Address the web port binds to.")
    web_port: int = Field(6066, ge=1, le=65535, description="Port of /metrics, /health and /ready, and of /financed.")
    partitions: int = Field(4, ge=1, le=10_000, description="Partitions of topics that Foreshot makes itself.")
    replication: int = Field(1, ge=1, le=10, description="Replication factor of topics that Foreshot makes itself.")
    create_topics: bool = Field(True, description="Make missing topics at start.")
    micro_batch_records: int = Field(512, ge=1, le=10_000, description="Most records in one transaction.")
    fetch_wait_ms: int = Field(10, ge=1, le=1_000, description="How long a fetch waits for more records.")
    max_event_bytes: int = Field(65_536, ge=256, description="Larger events are dead-lettered, cut to so much.")
    max_dead_letter_ratio: float = Field(
        0.5, gt=0, le=1, description="Above this share of the last records a worker stops loudly."
    )
    dead_letter_window: int = Field(
        2_000,
        ge=100,
        description="Records (of `enriched-events`, events) over which that share is taken; with fewer than 100 it "
        "says nothing.",
    )
    max_entities: int = Field(5_000_000, ge=1_000, description="Entities kept in one partition's state.")
    label_horizon_days: float = Field(
        90.0,
        gt=0,
        allow_inf_nan=False,
        description="How long features wait for a label, in event time, on lines that name no `label_horizon`; three "
        "of a line's label delays where that is more.",
    )
    stall_seconds: float = Field(
        20.0, gt=0, allow_inf_nan=False, description="A partition with lag and no progress for so long is stalled."
    )
    session_timeout_s: float = Field(10.0, gt=0, allow_inf_nan=False, description="Kafka group session timeout.")
    pseudonymise_subjects: bool = Field(
        False,
        description="Keep a keyed hash in every subject's place; a new key makes all subjects new.",
    )
    pseudonym_key: SecretStr = Field(
        _NONE, description="Key of that hash and of logs, 16 to 64 bytes, or use the next."
    )
    pseudonym_key_file: str = Field("", description="File that holds the key; its last line end is cut.")
    ledger_key: SecretStr = Field(
        _NONE,
        description="Key of documents' fingerprints, 16 to 64 bytes, the same on all workers; a new one makes all "
        "documents new. Needed where a line reads documents. Or use the next.",
    )
    ledger_key_file: str = Field("", description="File that holds that key; its last line end is cut.")
    ledger_documents: int = Field(
        5_000_000, ge=1_000, description="Documents that one partition remembers by each of two routes."
    )
    tell_financiers: bool = Field(
        True, description="Whether a match names the other financier; else only whether it is another."
    )
    log_level: str = Field("INFO", pattern=r"^(DEBUG|INFO|WARNING|ERROR)$", description="Least level logged.")


def load_settings(environment: Mapping[str, str] | None = None, **given: Any) -> Settings:
    """Return settings from the file, the environment and `given`, the later winning.

    Raises:
        UsageError: A setting is unknown or its value does not fit.
    """
    source = os.environ if environment is None else environment
    values: dict[str, Any] = {}
    if file := source.get(f"{ENVIRONMENT_PREFIX}SETTINGS"):
        values.update(_read_file(Path(file)))
    for name in Settings.model_fields:
        if (value := source.get(variable(name))) is not None:
            values[name] = value
    values.update({name: value for name, value in given.items() if value is not None})
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"setting {where}: {first['msg']} (see docs/settings.md)") from error


def _read_file(path: Path) -> dict[str, Any]:
    try:
        read = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        # PyYAML shows the line itself, which may hold a password.
        mark = getattr(error, "problem_mark", None)
        where = "" if mark is None else f", line {mark.line + 1}"
        raise UsageError(f"{path}: is not YAML{where}") from None
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{path}: cannot be read as settings: {error}") from error
    if not isinstance(read, dict) or not all(isinstance(name, str) for name in read):
        raise UsageError(f"{path}: must be a YAML mapping of setting names to values")
    return read


def secret_of(settings: Settings, name: str) -> str:
    """Return a secret from its own setting or from the file that `<name>_file` names, empty where neither is set.

    Raises:
        UsageError: Both are set, or the file cannot be read or is empty.
    """
    given: SecretStr = getattr(settings, name)
    file: str = getattr(settings, f"{name}_file")
    if not file:
        return given.get_secret_value()
    if given.get_secret_value():
        raise UsageError(f"{variable(name)} and {variable(name)}_FILE are both set; keep one")
    try:
        secret = Path(file).read_text(encoding="utf-8").removesuffix("\n").removesuffix("\r")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(f"{variable(name)}_FILE: {file} cannot be read: {why}") from None
    if not secret:
        raise UsageError(f"{variable(name)}_FILE: {file} is empty")
    return secret


def variable(name: str) -> str:
    """Return the environment variable of a setting."""
    return ENVIRONMENT_PREFIX + name.upper()


def split_paths(text: str) -> list[Path]:
    """Return the paths of a comma-separated list."""
    return [Path(part.strip()) for part in text.split(",") if part.strip()]


def settings_page() -> str:
    """Return `docs/settings.md` as Markdown."""
    rows = [
        f"| `{variable(name)}` | `{field.default}` | {field.description} |"
        for name, field in Settings.model_fields.items()
    ]
    head = [
        "# Settings",
        "",
        "Made from `stream/settings.py` by `python -m stream.settings`; a test holds the two together.",
        "",
        "| environment variable | default | meaning |",
        "|---|---|---|",
    ]
    return "\n".join([*head, *rows, ""])


if __name__ == "__main__":
    print(settings_page(), end="")  # noqa: T201 - the page is this command's output
