"""The generated TypeScript files match the server's documents."""

import subprocess
from pathlib import Path

import pytest

from api.documents import write_documents

UI = Path(__file__).parents[2] / "ui_extensions"
DEADLINE_S = 120


@pytest.mark.parametrize("name", ["openapi.ts", "asyncapi.ts", "allowedActions.ts"])
def test_generated_files_match_the_documents(name: str, generated: Path) -> None:
    assert (UI / "live" / name).read_text() == (generated / name).read_text(), "run `make types`"


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("types")
    write_documents(folder)
    subprocess.run(
        [str(UI / "npm.sh"), "run", "--silent", "types", "--", str(folder), str(folder)],
        check=True,
        timeout=DEADLINE_S,
    )
    return folder
