"""The galaxy with given projects, and how tests look at its sky."""

import io
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Page, expect

from tests.waiting import until

GALAXY = "**/api/v1/projects/galaxy?*"
CLOSE_UP = 20
"""Pixels; the mark around a star is larger only from close by."""

LOSE_CONTEXT = """async () => {
  const canvas = document.querySelector("[data-view=webgl] canvas");
  window.lost = canvas.getContext("webgl2").getExtension("WEBGL_lose_context");
  window.lost.loseContext();
}"""
WITHOUT_WEBGL = """
const original = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
  return String(kind).startsWith("webgl") ? null : original.call(this, kind, ...rest);
};
"""
COUNT_DRAWS = """
window.draws = 0;
const draw = WebGL2RenderingContext.prototype.drawElementsInstanced;
WebGL2RenderingContext.prototype.drawElementsInstanced = function (...args) {
  window.draws += 1;
  return draw.apply(this, args);
};
"""
NUM_GREEN = 200
"""Pixels; labels and buttons on the sky are grey."""


def project(number: int, **fields: Any) -> dict[str, Any]:
    """A finished project as the server lists it."""
    return {
        "project_id": f"{number:032x}",
        "project_name": f"Project {number}",
        "status": "completed",
        "current_stage": "model_deployment",
        "progress_percentage": 100,
        "created_at": "2026-06-13T08:21:40Z",
        "num_samples": 10 ** (1 + number % 6),
        "has_question": False,
        "run_id": f"{number:032x}",
        "holdout_score": {"metric": "macro_f1", "value": 0.79, "interval": [0.77, 0.81]},
        "num_runs": 4,
        "runs": [run(number, at) for at in range(4)],
        **fields,
    }


def run(number: int, at: int) -> dict[str, Any]:
    return {
        "run_id": f"{number:016x}{at:016x}",
        "run_name": "pipeline" if at == 0 else f"LightGBM, trial {at}",
        "status": "completed",
        "is_candidate": at > 0,
        "selection_loss": at / 10 if at else None,
        "holdout_score": None,
    }


def show(page: Page, url: str, projects: list[dict[str, Any]], query: str = "") -> None:
    """Open the galaxy with these projects, and wait until its sky is drawn."""
    page.route(GALAXY, lambda route: route.fulfill(json=projects[:500], headers=total(projects)))
    page.goto(f"{url}/monitor/#/galaxy{query}")
    expect(page.locator("[data-view]")).to_be_visible()
    if projects:
        expect(page.get_by_role("list", name="Stars").get_by_role("listitem").first).to_be_visible()


def total(projects: list[dict[str, Any]]) -> dict[str, str]:
    return {"X-Total-Count": str(len(projects))}


def until_drawn(page: Page) -> None:
    """Wait until green stars are seen: the canvas itself is empty once its frame was shown."""
    sky = page.get_by_role("application")

    def is_drawn() -> bool:
        picture = np.asarray(Image.open(io.BytesIO(sky.screenshot())).convert("RGB"), dtype=int)
        return int((picture[..., 1] - picture[..., 0] > 40).sum()) >= NUM_GREEN

    until(is_drawn, "stars on the sky")


def expect_flown_to(page: Page, name: str) -> None:
    """The star is the chosen one, is said to be shown, and is in the middle of the sky from close by."""
    expect(page.get_by_role("region", name="Chosen star")).to_contain_text(name)
    expect(page.get_by_role("status").filter(has_text="The sky shows")).to_contain_text(name)
    page.wait_for_function(
        """(least) => {
          const sky = document.querySelector("[role=application]").getBoundingClientRect();
          const mark = document.querySelector("[role=application] > div:not([aria-hidden])");
          const { x, y, width } = mark.getBoundingClientRect();
          const right = x + width / 2 - sky.x - sky.width / 2;
          const down = y + width / 2 - sky.y - sky.height / 2;
          return Math.hypot(right, down) < 5 && width > least;
        }""",
        arg=CLOSE_UP,
    )
