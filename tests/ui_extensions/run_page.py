"""A run's page, and how tests find its parts."""

from mlflow import MlflowClient
from playwright.sync_api import Locator, Page

from tests.api.logged_runs import LoggedRun


def new_run(url: str, name: str, **params: str) -> LoggedRun:
    client = MlflowClient(url)
    run = client.create_run("0", run_name=name)
    for param, value in params.items():
        client.log_param(run.info.run_id, param, value)
    return LoggedRun(client, run.info.run_id)


def open_run(page: Page, url: str, run_id: str) -> None:
    page.goto(f"{url}/monitor/#/runs/{run_id}")


def connection(page: Page) -> Locator:
    return page.get_by_role("banner").get_by_role("status")


def health(page: Page) -> Locator:
    return page.get_by_role("status", name="Health")


def chart(page: Page, title: str) -> Locator:
    heading = page.get_by_role("heading", name=title, exact=True)
    return page.locator("figure").filter(has=heading)


def caption(page: Page, title: str) -> Locator:
    """The caption that names the step whose values the legend shows."""
    return chart(page, title).locator("figcaption span")


def plot(page: Page, title: str) -> Locator:
    return chart(page, title).get_by_role("application")


def cards(page: Page) -> Locator:
    return page.get_by_role("list", name="Newest values").get_by_role("listitem")


def control(page: Page, name: str) -> Locator:
    return page.get_by_role("group", name="Control this run").get_by_role("button", name=name)
