"""Measures how much compressed JavaScript a run's page loads until its charts are drawn.

    .venv/bin/python -m benchmarks.dashboard_size

A browser opens the page at a real server. Every response body until the charts are drawn counts, in
bytes on the wire. MLflow's own pages load the panel's script instead, which is listed last.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
from playwright.sync_api import Response

from benchmarks.dashboard.built_dashboard import require_built
from benchmarks.dashboard.served_run import served_run
from benchmarks.dashboard.tab import chromium_tab
from benchmarks.harness.results import print_table
from benchmarks.harness.temporary_folder import temporary_folder

TARGET_KB = 200
PANEL_PATH = "/monitor/panel.js"


@dataclass(frozen=True, kw_only=True)
class File:
    path: str
    kind: str
    size_bytes: int
    sent_bytes: int


def main() -> None:
    require_built()
    with temporary_folder() as folder, served_run(folder) as run:
        with chromium_tab() as tab:
            files = [file_of(each) for each in tab.open(run.dashboard_url) if is_file(each)]
        panel = panel_script(run.server.url)
    scripts = [each for each in files if each.kind == "script"]
    others = [each for each in files if each.kind != "script"]
    total = File(
        path="JavaScript of the run's page, total",
        kind="script",
        size_bytes=sum(each.size_bytes for each in scripts),
        sent_bytes=sum(each.sent_bytes for each in scripts),
    )
    heads = ("file", "kind", "size", "compressed")
    print_table(heads, list(map(row, [*scripts, *others, total, panel])))
    share = total.sent_bytes / (TARGET_KB * 1000)
    print(f"target: under {TARGET_KB} kB of JavaScript compressed; it is {share:.0%} of that")


def is_file(response: Response) -> bool:
    """Whether this is a file of the page, not an API response about the run."""
    return response.request.resource_type not in ("fetch", "xhr")


def file_of(response: Response) -> File:
    request = response.request
    return File(
        path=urlsplit(response.url).path,
        kind=request.resource_type,
        size_bytes=len(response.body()),
        sent_bytes=request.sizes()["responseBodySize"],
    )


def panel_script(url: str) -> File:
    with httpx.stream("GET", f"{url}{PANEL_PATH}") as response:
        response.raise_for_status()
        size_bytes = sum(map(len, response.iter_bytes()))
        sent_bytes = response.num_bytes_downloaded
    return File(path=PANEL_PATH, kind="panel", size_bytes=size_bytes, sent_bytes=sent_bytes)


def row(each: File) -> Sequence[str]:
    return each.path, each.kind, kb(each.size_bytes), kb(each.sent_bytes)


def kb(size_bytes: int) -> str:
    return f"{size_bytes / 1000:.1f} kB"


if __name__ == "__main__":
    main()
