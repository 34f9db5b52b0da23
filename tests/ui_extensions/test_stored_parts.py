"""What a run's page shows beyond its metrics: note, params, tags, child runs and artifacts."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Param, RunTag
from playwright.sync_api import Locator, Page, Response, expect

from tests.servers import Server, fovea_server
from tests.ui_extensions.run_page import new_run, open_run

HTML = "<img src=x onerror=alert(1)>"
LONG = "long " * 100
NUM_PARAMS = 2000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with fovea_server(tmp_path_factory.mktemp("stored")) as server:
        yield server


@pytest.fixture(scope="module")
def run_id(server: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A run with many params, hostile names, child runs and artifacts of every kind."""
    client = MlflowClient(server.url)
    run_id = new_run(server.url, "parent").run_id
    params = [Param(f"param{number}", "1e-30") for number in range(NUM_PARAMS)]
    for start in range(0, NUM_PARAMS, 100):
        client.log_batch(run_id, params=params[start : start + 100])
    tags = [RunTag("نموذج", HTML), RunTag("emoji", "🦋" * 50), RunTag("long", LONG)]
    client.log_batch(run_id, tags=tags)
    for number, score in enumerate([0.5, float("nan")]):
        child = client.create_run(
            "0", run_name=f"trial {number}", tags={"mlflow.parentRunId": run_id}
        )
        client.log_metric(child.info.run_id, "val_accuracy", score)
    folder = tmp_path_factory.mktemp("artifacts")
    (folder / "page.html").write_text("<h1>no heading</h1>")
    (folder / "drawing.svg").write_text("<svg onload='alert(1)'></svg>")
    (folder / "table.json").write_text(json.dumps({"columns": ["eye"], "data": [["left"]]}))
    (folder / "weights.bin").write_bytes(b"\0\1\2")
    (folder / "empty.txt").touch()
    with (folder / "huge.txt").open("wb") as huge:
        huge.write(b"the beginning\n")
        huge.seek(300 * 1024 * 1024)
        huge.write(b"the end")
    (folder / "many").mkdir()
    for number in range(450):
        (folder / "many" / f"{number}.txt").touch()
    _store(client, run_id, folder)
    return run_id


def _store(client: MlflowClient, run_id: str, folder: Path) -> None:
    small = [each for each in folder.iterdir() if each.name not in ("huge.txt", "many")]
    for path in small:
        client.log_artifact(run_id, str(path))
    client.log_artifact(run_id, str(folder / "huge.txt"))
    client.log_artifacts(run_id, str(folder / "many"), "many")


def section(page: Page, title: str | re.Pattern[str]) -> Locator:
    return page.get_by_role("region", name=title).first


def preview_of(page: Page, name: str) -> Locator:
    artifacts = section(page, "Artifacts")
    artifacts.get_by_role("button", name=name).click()
    return artifacts


def test_params_and_tags_are_found_and_shown_as_text(
    server: Server, run_id: str, page: Page
) -> None:
    open_run(page, server.url, run_id)
    details = section(page, "Details")

    expect(details.get_by_role("heading", name="Params (2,000)")).to_be_visible()
    expect(details).to_contain_text(HTML)
    details.get_by_role("searchbox", name="Find in Params").fill("param1999")
    expect(details.get_by_role("rowheader", name="param1999")).to_be_visible()
    expect(details.get_by_role("rowheader", name="param0")).to_have_count(0)


def test_a_note_is_mlflows_own_and_two_pages_do_not_overwrite_each_other(
    server: Server, run_id: str, page: Page
) -> None:
    client = MlflowClient(server.url)
    open_run(page, server.url, run_id)
    details = section(page, "Details")
    details.get_by_role("button", name="Edit the note").click()
    page.get_by_role("textbox", name="Note").fill("**mine** <b>")
    client.set_tag(run_id, "mlflow.note.content", "theirs")
    details.get_by_role("button", name="Save").click()

    expect(details.get_by_role("alert")).to_contain_text("theirs")
    details.get_by_role("button", name="Save").click()

    expect(details.get_by_role("region", name="Note")).to_have_text("**mine** <b>")
    assert client.get_run(run_id).data.tags["mlflow.note.content"] == "**mine** <b>"


def test_child_runs_have_their_status_score_and_page(
    server: Server, run_id: str, page: Page
) -> None:
    open_run(page, server.url, run_id)
    children = section(page, "Child runs (2)")

    expect(children.get_by_role("row").nth(1)).to_contain_text("NaN")
    expect(children.get_by_role("row").nth(2)).to_contain_text("0.5")
    children.get_by_role("link", name="trial 0").click()
    page.get_by_role("link", name="To the parent run").click()
    expect(page.get_by_role("heading", level=1, name="parent")).to_be_visible()


def test_artifacts_are_previewed_and_nothing_in_them_runs(
    server: Server, run_id: str, page: Page
) -> None:
    open_run(page, server.url, run_id)

    expect(preview_of(page, "page.html").locator("pre")).to_have_text("<h1>no heading</h1>")
    expect(preview_of(page, "drawing.svg").locator("pre")).to_contain_text("<svg onload")
    expect(preview_of(page, "table.json").get_by_role("cell", name="left")).to_be_visible()
    expect(preview_of(page, "weights.bin")).to_contain_text("This file is not text")
    expect(preview_of(page, "empty.txt")).to_contain_text("The file is empty")
    expect(preview_of(page, "many").get_by_role("button", name="Show 200 more")).to_be_visible()


def test_the_preview_of_a_huge_file_is_bounded(server: Server, run_id: str, page: Page) -> None:
    received: list[int] = []

    def keep(response: Response) -> None:
        if "huge.txt" in response.url:
            received.append(response.status)

    page.on("response", keep)
    open_run(page, server.url, run_id)
    artifacts = preview_of(page, "huge.txt")
    expect(artifacts).to_contain_text("This file is not text")
    assert received == [206]
    expect(artifacts.get_by_role("link", name="Download")).to_be_visible()


def test_printed_lines_of_any_run_appear_in_its_log(server: Server, page: Page) -> None:
    run_id = new_run(server.url, "notebook").run_id
    open_run(page, server.url, run_id)
    expect(page.get_by_text("RunControl(console=True)")).to_be_visible()
    program = (
        "from tracking_plugin.control import RunControl\n"
        f"with RunControl({run_id!r}, tracking_uri={server.url!r}, console=True):\n"
        "    print('\\x1b[31mred\\x1b[0m <b>bold</b>')\n"
        "    print('\\r 1 %', end=''); print('\\r99 %')\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)

    log = section(page, "Log")
    expect(log).to_contain_text("red <b>bold</b>")
    expect(log).to_contain_text("99 %")
    expect(log).not_to_contain_text(" 1 %")
    page.reload()
    expect(log).to_contain_text("99 %")
