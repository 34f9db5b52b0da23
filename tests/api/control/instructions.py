"""Requests of one-time commands, and a loop that takes them with the control link's messages alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from tests.api.control.loops import RawLoop, raw_loop

NAMES = ["sample_now", "skip_trial", "extend_budget"]


def send(url: str, run_id: str, name: str = "sample_now", **body: object) -> httpx.Response:
    path = f"{url}/api/v1/runs/{run_id}/commands"
    return httpx.post(path, json={"name": name, **body}, timeout=120)


def sent(response: httpx.Response) -> dict[str, Any]:
    assert response.status_code == 201, response.text
    entry: dict[str, Any] = response.json()
    return entry


def listed(url: str, run_id: str) -> list[dict[str, Any]]:
    """Oldest first."""
    response = httpx.get(f"{url}/api/v1/runs/{run_id}/commands", params={"limit": 1000})
    entries: list[dict[str, Any]] = response.raise_for_status().json()
    return entries[::-1]


def understood(url: str, run_id: str) -> dict[str, Any]:
    """The commands that the run takes now, and why if it takes none."""
    response = httpx.get(f"{url}/api/v1/runs/{run_id}/commands/understood", timeout=30)
    found: dict[str, Any] = response.raise_for_status().json()
    return found


def statuses(url: str, run_id: str) -> list[str]:
    return [entry["status"] for entry in listed(url, run_id)]


class InstructedLoop:
    """A program on a control link that says what it understands."""

    def __init__(self, loop: RawLoop, program: str, names: list[str]) -> None:
        self.loop = loop
        self.first: list[dict[str, Any]] = []
        """The list that it received first."""
        self._own = {"program": program, "understands": names}

    def report(self, **more: object) -> None:
        self.loop.report("training", **self._own, **more)

    def open(self) -> list[dict[str, Any]]:
        """The next list that the server sends."""
        while "instructions" not in (message := self.loop.receive()):
            pass
        instructions: list[dict[str, Any]] = message["instructions"]
        return instructions

    def take(self, *ids: int) -> list[dict[str, Any]]:
        self.report(taken=list(ids))
        return self.open()

    def answer(self, instruction_id: int, result: str = "done", **more: object) -> list[Any]:
        self.report(answers=[{"id": instruction_id, "result": result, **more}])
        return self.open()


@contextmanager
def instructed_loop(
    url: str, run_id: str, *, program: str = "one", names: list[str] = NAMES, secret: str = ""
) -> Iterator[InstructedLoop]:
    """A link of `program`, which has received the first list."""
    with raw_loop(url, run_id, secret=secret) as raw:
        raw.command()
        loop = InstructedLoop(raw, program, names)
        loop.report(step=3)
        loop.first = loop.open()
        yield loop
