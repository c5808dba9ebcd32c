"""The only place that reads the environment: every setting, its default and its meaning."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from stream.errors import UsageError

ENVIRONMENT_PREFIX = "FORESHOT_"


class Settings(BaseModel):
    """Settings of a worker and of the commands that talk to Kafka.

    Every field may be given in the environment as `FORESHOT_` and its name in upper
    case, or in a YAML file named by `FORESHOT_SETTINGS`; the environment wins.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    bootstrap_servers: str = Field("127.0.0.1:9092", description="Kafka brokers, host:port, separated by commas.")
    application: str = Field(
        "foreshot", pattern=r"^[A-Za-z0-9._-]{1,100}$", description="Consumer group and transaction prefix."
    )
    topic_prefix: str = Field(
        "", pattern=r"^[A-Za-z0-9._-]{0,100}$", description="Put before every topic's name, the lines' own included."
    )
    lines: str = Field("lines", description="Line files or folders of them, separated by commas.")
    initialisation: str = Field("", description="File of the shared initialisation, made by `foreshot train`.")
    state_folder: Path = Field(Path(".foreshot/state"), description="Folder of the learner's feature store.")
    web_host: str = Field("127.0.0.1", description="Address the web port binds to.")
    web_port: int = Field(6066, ge=1, le=65535, description="Port of /metrics, /health and /ready.")
    partitions: int = Field(4, ge=1, le=10_000, description="Partitions of topics that Foreshot makes itself.")
    replication: int = Field(1, ge=1, le=10, description="Replication factor of topics that Foreshot makes itself.")
    create_topics: bool = Field(True, description="Make missing topics at start.")
    micro_batch_records: int = Field(512, ge=1, le=10_000, description="Most records in one transaction.")
    fetch_wait_ms: int = Field(10, ge=1, le=1_000, description="How long a fetch waits for more records.")
    max_event_bytes: int = Field(65_536, ge=256, description="Larger events are dead-lettered.")
    max_dead_letter_ratio: float = Field(
        0.5, gt=0, le=1, description="Above this share of the last records a worker stops loudly."
    )
    dead_letter_window: int = Field(
        2_000, ge=100, description="Records over which that share is taken; with fewer than 100 it says nothing."
    )
    max_entities: int = Field(5_000_000, ge=1_000, description="Entities kept in one partition's state.")
    label_horizon_days: float = Field(
        90.0, gt=0, allow_inf_nan=False, description="How long features wait for a label, in event time."
    )
    stall_seconds: float = Field(
        20.0, gt=0, allow_inf_nan=False, description="A partition with lag and no progress for so long is stalled."
    )
    session_timeout_s: float = Field(10.0, gt=0, allow_inf_nan=False, description="Kafka group session timeout.")
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
        if (value := source.get(ENVIRONMENT_PREFIX + name.upper())) is not None:
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
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise UsageError(f"{path}: cannot be read as settings: {error}") from error
    if not isinstance(read, dict) or not all(isinstance(name, str) for name in read):
        raise UsageError(f"{path}: must be a YAML mapping of setting names to values")
    return read


def split_paths(text: str) -> list[Path]:
    """Return the paths of a comma-separated list."""
    return [Path(part.strip()) for part in text.split(",") if part.strip()]


def settings_page() -> str:
    """Return `docs/settings.md` as Markdown."""
    rows = [
        f"| `{ENVIRONMENT_PREFIX}{name.upper()}` | `{field.default}` | {field.description} |"
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
