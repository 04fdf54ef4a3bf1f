"""The deployment files, checked against their schemas and against charnn."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import check_jsonschema
import kubernetes_validate
import pytest
import yaml
from click.testing import CliRunner

from app.cli import main

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
COMPOSE = DEPLOY / "compose.yaml"
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
OTHERS = {"CHARNN_PUBLIC_PORT"}
"""Variables of the compose file only."""
IN_THE_IMAGE = {"sh", "python", "charnn", "ray"}
"""Programs of Python's slim image and of charnn; it has no ps and no curl."""


HOW = (True, True, False)
"""Strict validation that prints only failures and warnings."""


def compose() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    return read


def manifests() -> list[dict[str, Any]]:
    return [
        each
        for file in MANIFESTS
        for each in yaml.safe_load_all(file.read_text(encoding="utf-8"))
        if each
    ]


def of_kind(kind: str) -> dict[str, dict[str, Any]]:
    return {each["metadata"]["name"]: each for each in manifests() if each["kind"] == kind}


def containers() -> dict[str, dict[str, Any]]:
    return {
        name: container
        for name, each in of_kind("Deployment").items()
        for container in each["spec"]["template"]["spec"]["containers"]
    }


def test_the_compose_file_is_valid() -> None:
    done = CliRunner().invoke(
        check_jsonschema.main, ["--builtin-schema", "vendor.compose-spec", str(COMPOSE)]
    )
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize("file", MANIFESTS, ids=lambda file: file.name)
def test_the_kubernetes_manifests_are_valid(file: Path) -> None:
    newest = kubernetes_validate.latest_version()
    assert kubernetes_validate.validate_file(str(file), newest, *HOW) == 0


@pytest.mark.parametrize(
    "file", [COMPOSE, *MANIFESTS, DEPLOY / ".env.example"], ids=lambda f: f.name
)
def test_every_charnn_variable_exists(file: Path) -> None:
    told = CliRunner().invoke(main, ["serve", "--help"], terminal_width=200).output
    used = set(re.findall(r"CHARNN_[A-Z_]+", file.read_text(encoding="utf-8")))
    assert used - OTHERS <= set(re.findall(r"CHARNN_[A-Z_]+", told))


def test_every_compose_service_has_a_health_check_and_limits() -> None:
    services = compose()["services"]
    assert len(services) == 7
    for name, service in services.items():
        assert service["healthcheck"]["test"], name
        assert service["deploy"]["resources"]["limits"].keys() == {"cpus", "memory"}, name
        assert set(service.get("depends_on", {})) <= set(services), name
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in compose()["volumes"] or (DEPLOY / source).exists(), name


def test_every_kubernetes_container_has_probes_limits_and_no_privileges() -> None:
    assert len(containers()) == 3
    for name, container in containers().items():
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            assert container[probe], (name, probe)
        assert "memory" in container["resources"]["limits"], name
        assert {"cpu", "memory"} == container["resources"]["requests"].keys(), name
        context = container["securityContext"]
        assert context["readOnlyRootFilesystem"] is True, name
        assert context["capabilities"]["drop"] == ["ALL"], name


def test_names_and_ports_agree() -> None:
    nginx = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    webs = set(re.findall(r"server (web-\d):8000", nginx))
    assert webs == {name for name in compose()["services"] if name.startswith("web")}
    service = of_kind("Service")["web"]["spec"]
    assert service["ports"][0]["targetPort"] == containers()["web"]["ports"][0]["name"]
    assert service["selector"] == {"app": "web"}
    labels = of_kind("Deployment")["web"]["spec"]["template"]["metadata"]["labels"]
    assert service["selector"].items() <= labels.items()
    backend = of_kind("Ingress")["web"]["spec"]["rules"][0]["http"]["paths"][0]["backend"]
    assert backend["service"]["name"] in of_kind("Service")
    # What the head is called, wherever a machine joins.
    text = COMPOSE.read_text(encoding="utf-8") + MANIFESTS[0].read_text(encoding="utf-8")
    assert set(re.findall(r"--address=([\w-]+):6379", text)) == {"ray-head"}


def test_a_worker_requests_the_cores_it_gives_to_ray() -> None:
    worker = containers()["worker"]
    assert f"--num-cpus={worker['resources']['requests']['cpu']}" in worker["command"]
    for name in ("worker-1", "worker-2"):
        service = compose()["services"][name]
        cores = service["deploy"]["resources"]["limits"]["cpus"]
        assert f"--num-cpus={cores}" in service["command"]


def test_every_charnn_command_exists() -> None:
    drain = containers()["worker"]["lifecycle"]["preStop"]["exec"]["command"]
    assert drain[0] == "charnn"
    told = CliRunner().invoke(main, [*drain[1:-1], "--help"])
    assert told.exit_code == 0
    assert drain[-1] in told.output


def commands() -> list[list[str]]:
    """Every command that runs in the charnn image."""
    own = [each for each in compose()["services"].values() if each["image"] == "charnn-cluster"]
    found = [each["command"] for each in own] + [each["healthcheck"]["test"][1:] for each in own]
    for container in containers().values():
        probes = [container[name] for name in container if name.endswith("Probe")]
        found += [
            container["command"],
            *(each["exec"]["command"] for each in probes if "exec" in each),
        ]
        if "lifecycle" in container:
            found.append(container["lifecycle"]["preStop"]["exec"]["command"])
    return found


def test_commands_need_only_programs_of_the_image() -> None:
    assert {command[0] for command in commands()} <= IN_THE_IMAGE
    in_shells = [command[-1] for command in commands() if command[0] == "sh"]
    assert in_shells
    for line in in_shells:
        words = [part.split()[0] for part in line.replace("exec ", "").split("&&")]
        assert set(words) <= IN_THE_IMAGE


def test_the_ray_health_port_is_the_configured_one() -> None:
    worker = containers()["worker"]
    (port,) = worker["ports"]
    assert f"--node-manager-port={port['containerPort']}" in worker["command"]
    for probe in ("livenessProbe", "readinessProbe"):
        assert worker[probe]["tcpSocket"]["port"] == port["name"]


def test_compose_requires_the_secret() -> None:
    example = (DEPLOY / ".env.example").read_text(encoding="utf-8")
    empty = re.findall(r"^([A-Z_]+)=$", example, re.MULTILINE)
    text = COMPOSE.read_text(encoding="utf-8")
    assert len(empty) == 3
    for name in empty:
        assert set(re.findall(rf"\$\{{{name}([^}}]*)}}", text)) == {":?see deploy/.env.example"}
