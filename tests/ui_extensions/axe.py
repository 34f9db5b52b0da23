"""What axe finds on a page against WCAG 2.2 AA."""

from pathlib import Path
from typing import Literal

from playwright.sync_api import Page, expect

AXE = Path(__file__).parents[2] / "ui_extensions/node_modules/axe-core/axe.min.js"
"""To be added to the page, or to its context, as an init script."""
_STANDARD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]
_FIND = """(tags) => axe
  .run(document, { runOnly: { type: "tag", values: tags }, resultTypes: ["violations"] })
  .then(({ violations }) => violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(" ")}: ${failureSummary}`)))
"""

Scheme = Literal["light", "dark"]


def violations(page: Page, scheme: Scheme | None = None) -> list[str]:
    """With a scheme, once the page has followed the system's change to it."""
    if scheme is not None:
        page.emulate_media(color_scheme=scheme)
        expect(page.locator("html")).to_have_attribute("data-theme", scheme)
    found: list[str] = page.evaluate(_FIND, _STANDARD)
    return found
