"""An outage of the tracking server: the training continues, and delivers all records afterwards."""

from pathlib import Path

from tests.training.program import DEADLINE_S, TINY, Program
from tests.training.tracking_server import TrackingServer
from tests.waiting import until

NUM_STEPS = 54
"""36 images in batches of 2, three epochs."""


def test_a_server_that_is_killed_during_the_training_gets_every_step(tmp_path: Path) -> None:
    server = TrackingServer(tmp_path / "server").start()
    try:
        program = Program(tmp_path / "program", tracking_uri=server.uri)
        settings = ("--data", str(program.data), *TINY, "--epochs", "3", "--batch-size", "2")
        process = program.start("fit", "--launcher", "single", *settings)
        until(lambda: _num_steps(program) >= 3, "the first steps", DEADLINE_S)
        run_id = program.only_run().info.run_id
        server.kill()
        spool = program.root / "fovea" / "work" / run_id / "spool"
        # The evaluation of the last epoch is on disk: the training is over, but its run has not ended.
        until(
            lambda: b"epochs/0003/evaluation.json" in _content(spool),
            "the end of the training",
            DEADLINE_S,
        )
        assert process.poll() is None
        server.start()
        output, _ = process.communicate(timeout=DEADLINE_S)
        assert process.returncode == 0, output
        run = program.client.get_run(run_id)
        assert run.info.status == "FINISHED"
        for name in ("train/loss", "epoch"):
            steps = [step for step, _ in program.curve(run_id, name)]
            assert steps == list(range(1, NUM_STEPS + 1))
        assert [step for step, _ in program.curve(run_id, "val/kappa")] == [18, 36, 54]
        artifacts = {file.path for file in program.client.list_artifacts(run_id, "epochs")}
        assert artifacts == {f"epochs/{epoch:04d}" for epoch in (1, 2, 3)}
        stored = {file.path for file in program.client.list_artifacts(run_id, "checkpoints")}
        assert "checkpoints/step_0000000054" in stored
        assert not spool.exists()
    finally:
        server.stop()


def _num_steps(program: Program) -> int:
    runs = program.runs()
    return len(program.curve(runs[0].info.run_id, "epoch")) if runs else 0


def _content(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("*") if path.is_file())
