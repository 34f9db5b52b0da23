"""MLproject and conda.yaml are valid for MLflow and agree with the rest of the project."""

import re
import shlex
import tomllib
from pathlib import Path

import pytest
import yaml
from mlflow.projects._project_spec import Project, load_project

from training.__main__ import build_parser

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def project() -> Project:
    return load_project(ROOT)


def arguments(project: Project, entry_point: str, **parameters: str) -> list[str]:
    """The arguments that MLflow passes to `python -m training`."""
    command = project.get_entry_point(entry_point).compute_command(parameters, None)
    words = shlex.split(command)
    assert words[:3] == ["python", "-m", "training"]
    return words[3:]


@pytest.mark.parametrize("entry_point", ["train", "main"])
def test_every_flag_of_fit_is_a_parameter_under_its_own_name(
    project: Project, entry_point: str
) -> None:
    given = arguments(
        project,
        entry_point,
        data="/data/of two words",
        preset="small",
        epochs="6",
        batch_size="8",
        learning_rate="1e-3",
        seed="7",
        weights="random",
        workers="2",
        launcher="ray",
        skip_bad_images="true",
    )

    parsed = build_parser("retinal").parse_args(given)
    assert parsed.recipe == "retinal"
    assert parsed.data == "/data/of two words"
    assert (parsed.batch_size, parsed.learning_rate) == ("8", "1e-3")
    assert parsed.skip_bad_images == "true"


def test_a_run_without_parameters_records_only_known_ones(project: Project) -> None:
    declared, extra = project.get_entry_point("train").compute_parameters({}, None)

    assert declared == {"recipe": "retinal"}
    assert extra == {}


def test_a_value_cannot_become_a_command(project: Project) -> None:
    given = arguments(project, "train", data="$(touch /tmp/x); echo")

    assert given[-1] == "$(touch /tmp/x); echo"


def test_evaluate_takes_a_run_and_has_defaults_for_the_rest(project: Project) -> None:
    parsed = build_parser("retinal").parse_args(arguments(project, "evaluate", run_id="abc"))

    assert parsed.run_id == "abc"
    assert parsed.split == "test"
    assert parsed.tta == "false"


def test_conda_and_the_lock_file_pin_the_same_versions() -> None:
    environment = yaml.safe_load((ROOT / "conda.yaml").read_text())
    pip = next(item["pip"] for item in environment["dependencies"] if isinstance(item, dict))
    pinned = [requirement.split(" ; ")[0] for requirement in pip]
    pins = dict(re.sub(r"\[.*\]", "", requirement).split("==") for requirement in pinned)

    assert pins.items() <= locked().items()
    assert pins.keys() == direct_dependencies_of_training()


def locked() -> dict[str, str]:
    """The versions for Python 3.11, which are listed first if they differ."""
    pins: dict[str, str] = {}
    for line in (ROOT / "requirements.lock").read_text().splitlines():
        name, _, version = line.partition("==")
        pins.setdefault(name, version.split(" ")[0])
    return pins


def direct_dependencies_of_training() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    requirements = [
        *project["dependencies"],
        *extras["ray"],
        *extras["training"],
        *extras["diffusion"],
    ]
    names = {re.split(r"[^A-Za-z0-9_.-]", requirement)[0] for requirement in requirements}
    return names - {"mlflow-fovea"}
