"""The viewer of a run's pictures: zoomed and moved by keyboard and mouse, with two steps side by side."""

import re
from collections.abc import Iterator

import pytest
from mlflow import MlflowClient
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.servers import Server, fovea_server
from tests.ui_extensions.axe import AXE, violations
from tests.ui_extensions.run_page import new_run, open_run


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with fovea_server(tmp_path_factory.mktemp("pictures")) as server:
        yield server


def transforms(pictures: Locator) -> list[str]:
    found: list[str] = pictures.evaluate_all("(all) => all.map((each) => each.style.transform)")
    return found


def test_pictures_are_zoomed_by_keyboard_and_mouse_with_two_steps_side_by_side(
    server: Server, page: Page
) -> None:
    run_id = new_run(server.url, "pictures").run_id
    for step in (1, 2):
        image = Image.new("RGB", (64, 64), (90 * step, 0, 0))
        MlflowClient(server.url).log_image(run_id, image, key="eye", step=step)
    page.add_init_script(path=AXE)
    open_run(page, server.url, run_id)
    page.get_by_role("button", name="eye, Step 2, newest: enlarge").press("Enter")
    viewer = page.get_by_role("dialog", name="eye")
    stages = viewer.get_by_role("application")
    scale = viewer.get_by_role("status")
    expect(stages).to_be_focused()
    page.keyboard.press("+")
    expect(scale).to_have_text(re.compile("1.4$"))
    viewer.get_by_label("Beside it").select_option("1")
    expect(stages).to_have_count(2)

    stages.nth(1).focus()
    for key in ("+", "ArrowRight"):
        page.keyboard.press(key)
    expect(scale).to_have_text(re.compile("2.0$"))
    zoomed = transforms(stages.locator("img"))
    assert zoomed[0] == zoomed[1] != ""
    box = stages.nth(1).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 50, box["y"] + 50)
    page.mouse.wheel(0, -300)
    expect(scale).not_to_have_text(re.compile("2.0$"))
    page.mouse.down()
    page.mouse.move(box["x"] + 90, box["y"] + 80)
    page.mouse.up()
    moved = transforms(stages.locator("img"))
    assert moved[0] == moved[1] != zoomed[0]
    assert violations(page) == []
    stages.nth(1).press("0")
    expect(scale).to_have_text(re.compile("1.0$"))

    page.keyboard.press("Escape")
    expect(viewer).to_have_count(0)
