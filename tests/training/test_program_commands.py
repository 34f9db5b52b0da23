"""A recipe without the torch loop follows one-time commands that a real server sends to its run."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.servers import fovea_server
from tests.training.program import Program
from tests.training.search_recipe import NUM_TRIALS
from tests.waiting import DEADLINE_S, until
from training.recipes import registry


def test_trials_are_skipped_and_the_budget_is_extended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(registry.RECIPES, "search", "tests.training.search_recipe:SearchSpec")
    with fovea_server(tmp_path / "data") as server, ThreadPoolExecutor(1) as people:
        program = Program(tmp_path / "program", tracking_uri=server.url)
        answers = people.submit(send_commands, program, server.url)
        arguments = ("--recipe", "search", "--launcher", "single", "--data", str(tmp_path))
        assert program.run_here(monkeypatch, "fit", *arguments) == 0
        assert answers.result() == [
            ("skip_trial", "done", ""),
            ("skip_trial", "done", ""),
            ("skip_trial", "refused", "There is no such trial"),
            ("extend_budget", "done", "The search ends later"),
            ("skip_trial", "done", ""),
        ]
        run = program.only_run()
        assert run.info.status == "FINISHED"
        document = program.json_artifact(run.info.run_id, "search.json")
        assert document == {"left": [], "is_extended": True}


def send_commands(program: Program, url: str) -> list[tuple[str, str, str]]:
    """The answers of the run, once it understands commands."""
    run_id = until(lambda: [run.info.run_id for run in program.runs()], "the run")[0]

    def send(name: str, **arguments: float) -> httpx.Response | None:
        body = {"name": name, "arguments": arguments, "wait_s": DEADLINE_S}
        path = f"{url}/api/v1/runs/{run_id}/commands"
        response = httpx.post(path, json=body, timeout=120)
        return response if response.status_code == 201 else None

    responses = [
        until(lambda: send("skip_trial", trial=0), "the program"),
        send("skip_trial", trial=1),
        send("skip_trial", trial=NUM_TRIALS),
        send("extend_budget", seconds=60),
        send("skip_trial", trial=2),
    ]
    entries = [response.json() for response in responses if response is not None]
    return [(entry["name"], entry["status"], entry["message"]) for entry in entries]
