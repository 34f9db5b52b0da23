"""Importing a part of the project loads only allowed modules, checked in a new interpreter."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

IMPORT_AND_LIST = """
import importlib, json, pkgutil, sys
module = importlib.import_module(sys.argv[1])
for part in pkgutil.walk_packages(getattr(module, "__path__", []), f"{sys.argv[1]}."):
    # A callback imports the framework that it controls; only Alembic imports migrations.
    if not part.name.startswith(("tracking_plugin.callbacks.", "api.storage.migrations.")):
        importlib.import_module(part.name)
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules} | set(sys.modules))))
"""


def modules_after_importing(name: str) -> set[str]:
    """All modules of an interpreter that has imported `name` and everything within it."""
    listed = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", IMPORT_AND_LIST, name],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert listed.returncode == 0, listed.stderr
    return set(json.loads(listed.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    ("name", "forbidden"),
    [
        ("api.app", ["torch", "torchvision", "timm", "ray", "training", "serving"]),
        ("api", ["torch", "torchvision", "timm", "training", "serving"]),
        ("tracking_plugin", ["torch", "ray", "api", "training", "serving", "ui_extensions"]),
        ("api.cli.status_command", ["mlflow", "ray", "sqlalchemy"]),
        ("training.loop", ["api", "fastapi", "mlflow", "ray", "serving"]),
        ("ui_extensions", ["api", "mlflow", "ray", "serving", "torch", "training"]),
    ],
)
def test_importing_a_part_loads_no_forbidden_module(name: str, forbidden: list[str]) -> None:
    assert modules_after_importing(name) & set(forbidden) == set()


def test_the_plugin_needs_no_fastapi() -> None:
    # MLflow loads FastAPI if it is installed, so only the source shows who imports it.
    importers = [
        path.name
        for path in (ROOT / "tracking_plugin").rglob("*.py")
        if re.search(r"^\s*(from|import) (fastapi|starlette)", path.read_text(), re.MULTILINE)
    ]

    assert importers == []


def test_a_forbidden_import_would_be_noticed() -> None:
    assert "torch" in modules_after_importing("training.loop")
