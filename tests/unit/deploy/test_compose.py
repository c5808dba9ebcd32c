import json
import re
import shutil
import subprocess
from pathlib import Path

import click
import pytest
import yaml

from stream.cli import foreshot
from stream.demo.kept_files import INITIALISATION, LEDGER_KEY
from stream.events.line_file import load_lines
from stream.metrics import DEFINITIONS
from stream.settings import ENVIRONMENT_PREFIX, Settings
from stream.simulation.demo_world import TRADE_TRAINING_LINES, TRAINING_LINES, UNSEEN_LINE, UNSEEN_TRADE_LINE

ROOT = Path(__file__).parents[3]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
SUFFIXES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}
EXPOSED = {item.name + suffix for item in DEFINITIONS for suffix in SUFFIXES[item.kind]}


def test_every_build_names_a_file_and_a_target_that_are_there():
    built = [service["build"] for service in SERVICES.values() if "build" in service]
    assert built
    for build in built:
        text = (ROOT / build["context"] / build["dockerfile"]).read_text()
        assert re.search(rf"^FROM \S+ AS {build['target']}$", text, re.MULTILINE)
        for source in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE):
            assert all((ROOT / one).exists() for one in source.split())


def test_every_volume_is_a_path_of_the_repository_or_declared():
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source == "./out":
                continue  # made by `foreshot demo --out out` or `foreshot train`
            assert (ROOT / source).exists() if source.startswith("./") else source in COMPOSE["volumes"]


def test_kafka_keeps_its_data_on_its_volume():
    kafka = SERVICES["kafka"]
    assert f"kafka:{kafka['environment']['KAFKA_LOG_DIRS']}" in kafka["volumes"]


def test_the_files_that_the_workers_read_are_those_that_the_demo_leaves():
    settings = SERVICES["learn"]["environment"]
    assert settings["FORESHOT_INITIALISATION"] == f"/out/{INITIALISATION}"
    assert settings["FORESHOT_LEDGER_KEY_FILE"] == f"/out/{LEDGER_KEY}"
    assert "foreshot demo --out out" in (ROOT / "docker-compose.yml").read_text().split("name:")[0]
    declared = load_lines([ROOT / settings["FORESHOT_LINES"].lstrip("/")])
    assert declared.keys() == {
        one.name for one in (UNSEEN_LINE, *TRAINING_LINES, UNSEEN_TRADE_LINE, *TRADE_TRAINING_LINES)
    }


def test_every_dependency_is_a_service():
    for service in SERVICES.values():
        assert set(service.get("depends_on", [])) <= SERVICES.keys()


def test_every_setting_is_one_and_every_command_takes_its_options():
    for service in SERVICES.values():
        names = [name for name in service.get("environment", {}) if name.startswith(ENVIRONMENT_PREFIX)]
        assert {name.removeprefix(ENVIRONMENT_PREFIX).lower() for name in names} <= Settings.model_fields.keys()
        if names:
            command = foreshot
            words = list(service["command"])
            while isinstance(command, click.Group):
                command = command.get_command(click.Context(command), words.pop(0))
            command.make_parser(click.Context(command)).parse_args(words)


def test_scorers_are_built_without_torch_and_learners_with_it():
    assert SERVICES["score"]["build"]["target"] == "scorer"
    assert SERVICES["learn"]["build"]["target"] == "learner"
    text = (ROOT / "deploy" / "Dockerfile").read_text()
    scorer = text[text.index("AS scorer") : text.index("AS learner")]
    assert "learn" not in scorer


def test_every_mounted_configuration_parses_and_names_what_is_there():
    prometheus = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())
    assert all((ROOT / "deploy/prometheus" / name).exists() for name in prometheus["rule_files"])
    targets = [
        one for job in prometheus["scrape_configs"] for group in job["static_configs"] for one in group["targets"]
    ]
    port = Settings.model_fields["web_port"].default
    assert all(target.split(":")[0] in SERVICES and int(target.split(":")[1]) == port for target in targets)
    source = yaml.safe_load((ROOT / "deploy/grafana/provisioning/datasources/prometheus.yml").read_text())
    assert "http://prometheus:9090" in [one["url"] for one in source["datasources"]]
    provider = yaml.safe_load((ROOT / "deploy/grafana/provisioning/dashboards/foreshot.yml").read_text())
    mounted = [volume.split(":")[1] for volume in SERVICES["grafana"]["volumes"]]
    assert provider["providers"][0]["options"]["path"] in mounted


def test_every_query_asks_for_a_metric_that_a_worker_exposes():
    board = json.loads((ROOT / "deploy/grafana/dashboards/foreshot.json").read_text())
    rules = yaml.safe_load((ROOT / "deploy/prometheus/rules.yml").read_text())
    queries = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    queries += [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    assert len(board["panels"]) >= 12
    for query in queries:
        names = re.findall(r"foreshot_[a-z_]+", query)
        assert names
        assert set(names) <= EXPOSED


def test_docker_compose_takes_the_file_where_it_is_present():
    docker = shutil.which("docker")
    if docker is None:
        pytest.skip("docker is not installed")
    if subprocess.run([docker, "compose", "version"], capture_output=True).returncode:
        pytest.skip("docker compose is not installed")
    made = subprocess.run(
        [docker, "compose", "-f", str(ROOT / "docker-compose.yml"), "config", "-q"], capture_output=True
    )
    assert made.returncode == 0, made.stderr


@pytest.mark.parametrize("name", SERVICES)
def test_no_service_has_rights_of_root_or_can_get_them(name):
    assert SERVICES[name]["cap_drop"] == ["ALL"]
    assert SERVICES[name]["security_opt"] == ["no-new-privileges:true"]
    assert not SERVICES[name].get("privileged")
    assert not SERVICES[name].get("cap_add")


@pytest.mark.parametrize("name", [name for name in SERVICES if "build" in SERVICES[name]])
def test_our_own_services_run_as_the_images_user_and_write_to_tmp_and_their_state_alone(name):
    service = SERVICES[name]
    (user,) = set(re.findall(r"^USER (.+)$", (ROOT / "deploy" / "Dockerfile").read_text(), re.MULTILINE))
    assert service["user"] == user
    assert service["read_only"] is True
    assert service["tmpfs"] == ["/tmp"]  # noqa: S108 - the container's own
    writable = [volume for volume in service["volumes"] if not volume.endswith(":ro")]
    assert writable == ([] if name == "topics" else [f"{name}-state:{service['environment']['FORESHOT_STATE_FOLDER']}"])


def test_every_service_but_kafka_has_a_root_that_cannot_be_written():
    assert {name for name, service in SERVICES.items() if service.get("read_only") is not True} == {"kafka"}


def test_no_port_is_open_to_other_machines():
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)
