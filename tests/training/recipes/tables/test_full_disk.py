"""A disk that fills in a stage of the pipeline: the run fails with the reason, and leaves nothing."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from mlflow.entities import LoggedModel, Run

from tests.small_disk import fill, small_disk
from tests.training.program import Program
from tests.training.recipes.tables.test_pipeline import QUICK, arguments, patients
from tests.training.tables.large.made_files import star_table, written
from tracking_plugin.names import PipelineMetric, PipelineStage
from training.recipes.tables.progress import PipelineProgress
from training.tables.selection.local_runner import LocalRunner, LocalTrial
from training.tables.selection.trial import TrialSpec

STAR_ANSWERS = ("--answers", '{"target": "disposition"}')
NUM_ROWS = 60_000
LIMIT_BYTES = 2 * 2**20
FEW_RECORDS_BYTES = 64 * 1024
ROOM = "has no room on a disk"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", size_kib=64 * 1024) as disk:
        yield disk


@pytest.fixture
def program(tmp_path: Path) -> Program:
    program = Program(tmp_path / "program")
    patients().to_csv(program.root / "visits.csv", index=False)
    return program


@pytest.fixture
def fills(disk: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Call it to have the disk full from the beginning of a stage on, but for a few bytes."""
    entered = PipelineProgress.enter

    def at(stage: PipelineStage, *, left_bytes: int = 0) -> None:
        def enter(progress: PipelineProgress, reached: PipelineStage) -> None:
            entered(progress, reached)
            if reached is stage:
                fill(disk / "filler", left_bytes=left_bytes)

        monkeypatch.setattr(PipelineProgress, "enter", enter)

    return at


def temporary_on(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(disk))
    monkeypatch.setattr(tempfile, "tempdir", None)


def records_on(disk: Path, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    variables = {**program.variables(), "FOVEA_DATA_DIR": str(disk)}
    monkeypatch.setattr(program, "variables", lambda: variables)


def refusal_of(
    program: Program,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    *given: str,
) -> str:
    """What a pipeline says that fails."""
    usual = arguments(program.root / "visits.csv", *QUICK)
    assert program.run_here(monkeypatch, *(given or usual), "--register-as", "none") == 1
    error = capfd.readouterr().err
    assert "Traceback" not in error
    return error


def failed_in(program: Program, stage: PipelineStage, may_be_later: int = 0) -> Run:
    """The pipeline's run, which has failed in that stage; nothing of it runs or is registered."""
    runs = program.runs()
    (run,) = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
    assert (run.info.status, run.data.tags["fovea.status"]) == ("FAILED", "error")
    assert 0 <= run.data.metrics[PipelineMetric.STAGE] - stage.number <= may_be_later
    assert not [it for it in runs if it.info.status in ("RUNNING", "SCHEDULED")]
    assert not program.client.search_registered_models()
    assert not logged_models(program, run)
    return run


def logged_models(program: Program, run: Run) -> list[LoggedModel]:
    return list(program.client.search_logged_models([run.info.experiment_id]))


def left_on(disk: Path) -> list[Path]:
    return [path for path in disk.rglob("*") if path.is_file() and path.name != "filler"]


@pytest.mark.parametrize("stage", [PipelineStage.MODEL_SELECTION, PipelineStage.MODEL_DEPLOYMENT])
def test_a_full_disk_of_temporary_files_is_named_and_nothing_stays_on_it(
    program: Program,
    disk: Path,
    fills: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    stage: PipelineStage,
) -> None:
    temporary_on(disk, monkeypatch)
    fills(stage)

    error = refusal_of(program, monkeypatch, capfd)

    assert ROOM in error
    assert "TMPDIR" in failed_in(program, stage).data.tags["fovea.message"]
    assert left_on(disk) == []


def test_a_full_disk_under_the_models_of_trials_is_named(
    program: Program,
    disk: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    temporary_on(disk, monkeypatch)
    start = LocalRunner.start

    def start_on_full_disk(runner: LocalRunner, spec: TrialSpec, folder: Path) -> LocalTrial:
        fill(disk / "filler")
        return start(runner, spec, folder)

    monkeypatch.setattr(LocalRunner, "start", start_on_full_disk)

    error = refusal_of(program, monkeypatch, capfd)

    assert "(trial 0) failed: The machine has no room for its model" in error
    failed_in(program, PipelineStage.MODEL_SELECTION)
    assert left_on(disk) == []


@pytest.mark.parametrize(
    "stage",
    [
        PipelineStage.MODEL_EVALUATION,
        # After the evaluation, deliveries have made room for the few records that are left.
        *(pytest.param(it, marks=pytest.mark.soak) for it in list(PipelineStage)[:6]),
    ],
)
def test_a_full_disk_of_records_is_named_in_each_stage(
    program: Program,
    disk: Path,
    fills: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    stage: PipelineStage,
) -> None:
    records_on(disk, program, monkeypatch)
    fills(stage)

    error = refusal_of(program, monkeypatch, capfd)

    assert "No space left on device. Free some space there." in error
    # Short records still fit into the last block of the file that they are appended to.
    failed_in(program, stage, may_be_later=2)
    assert left_on(disk) == []


@pytest.mark.parametrize("stage", [PipelineStage.FEATURE_ENGINEERING, PipelineStage.MODEL_TRAINING])
def test_a_full_disk_under_the_rows_of_a_large_table_is_named(
    program: Program,
    disk: Path,
    fills: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    stage: PipelineStage,
) -> None:
    monkeypatch.setenv("FOVEA_TABLE_MEMORY_BYTES", str(LIMIT_BYTES))
    records_on(disk, program, monkeypatch)
    path = written(star_table(NUM_ROWS), program.root / "stars.csv")
    fills(stage, left_bytes=FEW_RECORDS_BYTES)

    error = refusal_of(program, monkeypatch, capfd, *arguments(path, *STAR_ANSWERS))

    assert ROOM in error
    failed_in(program, stage)
    assert left_on(disk) == []
