"""Logged runs of a server, and the dashboard's pages of several of them."""

from dataclasses import dataclass

from playwright.sync_api import Page

from tests.api.logged_runs import LoggedRun
from tests.servers import Server
from tests.ui_extensions.axe import AXE


@dataclass(frozen=True)
class ServedRuns:
    server: Server
    logged: list[LoggedRun]

    def open(self, page: Page, path: str) -> None:
        """Open a page of the dashboard, on which axe can be run."""
        page.add_init_script(path=AXE)
        page.goto(f"{self.server.url}/monitor/#/{path}")

    def ids(self, *numbers: int) -> str:
        """As the address of a comparison has them; those of all runs without numbers."""
        runs = [self.logged[number] for number in numbers] if numbers else self.logged
        return ",".join(run.run_id for run in runs)
