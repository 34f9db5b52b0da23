"""A torch training follows one-time commands that a real server sends to its run."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.servers import fovea_server
from tests.training.program import TINY, Program
from tests.waiting import DEADLINE_S, until

LONG = (*TINY, "--epochs", "100000", "--evaluate-every-steps", "0")


def test_a_checkpoint_and_a_learning_rate_are_ordered_while_it_trains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with fovea_server(tmp_path / "data") as server, ThreadPoolExecutor(1) as people:
        program = Program(tmp_path / "program", tracking_uri=server.url)
        answers = people.submit(send_commands, program, server.url)
        arguments = ("fit", "--launcher", "single", "--data", str(program.data), *LONG)
        assert program.run_here(monkeypatch, *arguments) == 0
        saved, slower, refused = answers.result()
        assert (saved["status"], saved["message"]) == (
            "done",
            f"The checkpoint of step {saved['step']} is safe.",
        )
        assert slower["status"] == "done"
        assert refused["error"] == (
            "The run understands save_now, set_learning_rate, and not sample_now"
        )
        run = program.only_run()
        assert run.info.status == "KILLED"
        rates = dict(program.curve(run.info.run_id, "train/learning_rate"))
        before, after = rates[slower["step"]], rates[slower["step"] + 1]
        assert after < before / 100


def send_commands(program: Program, url: str) -> list[dict[str, Any]]:
    """The answers to three commands, after which the run is stopped."""
    run_id = until(lambda: [run.info.run_id for run in program.runs()], "the run")[0]
    path = f"{url}/api/v1/runs/{run_id}/commands"

    def send(name: str, **arguments: float) -> httpx.Response:
        body = {"name": name, "arguments": arguments, "wait_s": DEADLINE_S}
        return httpx.post(path, json=body, timeout=120)

    def saved() -> httpx.Response | None:
        response = send("save_now")
        return response if response.status_code == 201 else None

    try:
        first = until(saved, "the loop")
        return [
            each.json()
            for each in (first, send("set_learning_rate", value=1e-7), send("sample_now"))
        ]
    finally:
        httpx.post(f"{url}/api/training/stop?run_id={run_id}", timeout=120)
