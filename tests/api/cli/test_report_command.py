"""`fovea report`, on a real server."""

from pathlib import Path

import pytest
from mlflow import MlflowClient

from tests.api.cli.conftest import Fovea
from tests.api.reports.parsed_page import parsed
from tests.servers import Server


@pytest.fixture
def run_id(server: Server) -> str:
    found: str = MlflowClient(server.url).create_run("0", run_name="reported").info.run_id
    return found


def test_a_report_is_saved_printed_and_stored(
    fovea: Fovea, server: Server, run_id: str, tmp_path: Path
) -> None:
    file = tmp_path / "card.html"
    saved = fovea("report", run_id[:20], "--output", str(file), "--store", "--url", server.url)

    assert (saved.code, saved.err) == (0, "")
    assert saved.out.splitlines()[0] == f"Report: {file}"
    assert saved.out.splitlines()[1].startswith(f"Stored: {run_id}/reports/model-card-")
    assert parsed(file.read_text(encoding="utf-8")).problems == []
    printed = fovea("report", run_id, "--output", "-", "--language", "fr", "--url", server.url)
    assert printed.out.startswith('<!DOCTYPE html>\n<html lang="fr">')


def test_without_a_name_the_page_is_a_new_file_here(
    fovea: Fovea, server: Server, run_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert fovea("report", run_id, "--url", server.url).code == 0
    assert [path.name[:11] for path in tmp_path.iterdir()] == ["model-card-"]


def test_wrong_calls_are_one_sentence(
    fovea: Fovea, server: Server, run_id: str, tmp_path: Path
) -> None:
    for arguments, problem in (
        ((), "names of runs or --project"),
        ((run_id, "--project", "x"), "names of runs or --project"),
        (("zzzz",), "fovea status --all"),
        (("--project", "x"), "no project"),
        ((run_id, "--output", str(tmp_path)), "cannot be saved"),
    ):
        refused = fovea("report", *arguments, "--url", server.url)
        assert (refused.code, refused.out) == (1, "")
        assert problem in refused.err
