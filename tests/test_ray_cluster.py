"""ray_cluster.yaml passes Ray's own schema check and has what this project needs."""

import shlex
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from ray.autoscaler._private.util import prepare_config, validate_config

from tracking_plugin.ray_head import JOB_STOP_ENVIRONMENT

ROOT = Path(__file__).parent.parent


@pytest.fixture
def written() -> dict[str, Any]:
    config: dict[str, Any] = yaml.safe_load((ROOT / "ray_cluster.yaml").read_text())
    return config


@pytest.fixture
def prepared(written: dict[str, Any]) -> dict[str, Any]:
    """The file as `ray up` completes and checks it."""
    config: dict[str, Any] = prepare_config(written)
    validate_config(config)
    return config


def test_ray_accepts_it(prepared: dict[str, Any]) -> None:
    assert prepared["provider"]["type"] == "aws"


def test_the_check_would_notice_a_misspelt_field(written: dict[str, Any]) -> None:
    written["available_node_types"]["a100"]["min_worker"] = 0

    with pytest.raises(jsonschema.ValidationError, match="min_worker"):
        validate_config(prepare_config(written))


def test_a100_nodes_exist_only_while_they_are_needed(prepared: dict[str, Any]) -> None:
    workers = prepared["available_node_types"]["a100"]

    assert workers["node_config"]["InstanceType"] == "p4d.24xlarge"
    assert workers["resources"]["GPU"] == 8
    assert workers["min_workers"] == 0
    assert workers["max_workers"] == prepared["max_workers"] > 0
    assert 0 < prepared["idle_timeout_minutes"] <= 60


def test_the_head_is_not_a_worker(prepared: dict[str, Any]) -> None:
    head = prepared["available_node_types"][prepared["head_node_type"]]

    assert head["resources"] == {"CPU": 0}
    assert head["max_workers"] == 0


def test_mounted_files_exist(prepared: dict[str, Any]) -> None:
    ours = [path for path in prepared["file_mounts"].values() if not path.startswith("~")]

    assert ours
    assert [path for path in ours if not (ROOT / path).exists()] == []


def test_the_project_is_installed_with_its_pins(prepared: dict[str, Any]) -> None:
    for commands in ("head_setup_commands", "worker_setup_commands"):
        installs = [command for command in prepared[commands] if "pip install" in command]
        assert len(installs) == 1
        assert "--constraint ~/fovea/requirements.lock" in installs[0]
        assert "fovea[training]" in installs[0]


def test_jobs_are_guarded_and_stopped_with_time_for_a_checkpoint(prepared: dict[str, Any]) -> None:
    environment = "\n".join(prepared["setup_commands"])
    start = prepared["head_start_ray_commands"][-1]

    assert "export RAY_AUTH_MODE=token" in environment
    assert prepared["file_mounts"]["~/.ray/auth_token"] == "~/.ray/auth_token"
    for name, value in JOB_STOP_ENVIRONMENT.items():
        assert f"export {name}={value}" in environment
    assert "--dashboard-host=127.0.0.1" in shlex.split(start)
    for commands in ("head_start_ray_commands", "worker_start_ray_commands"):
        assert all(". ~/fovea/environment" in command for command in prepared[commands])
