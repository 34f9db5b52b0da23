"""Runs AutoGluon in an environment of its own, since it does not install beside torch and Ray."""

import os
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from training.tables.errors import TableError
from training.tables.labels import Floats
from training.tables.learners.model_folder import TaskDescription
from training.tables.selection.engine import EngineRequest, EngineResult

PROGRAM = Path(__file__).with_name("autogluon") / "program.py"
HOW_TO_INSTALL = (
    "Make an environment for it, with `python3.11 -m venv autogluon` and "
    "`autogluon/bin/pip install 'autogluon.tabular[all]'`, and set FOVEA_AUTOGLUON_PYTHON to the "
    "path of autogluon/bin/python."
)
_EXTRA_S = 180.0
"""For loading libraries, and for the models that AutoGluon finishes after its time."""
_POLL_S = 0.5


class AutoGluonReport(BaseModel):
    """What the program says when it has ended."""

    model_config = ConfigDict(extra="forbid")

    error: str = ""
    version: str = ""
    metric: str = ""
    score: float | None = None


@dataclass(frozen=True)
class AutoGluonModel:
    """Asks the program in AutoGluon's environment; it cannot be deployed or explained here."""

    python: Path
    folder: Path

    def predict(self, values: Floats) -> Floats:
        with tempfile.TemporaryDirectory(prefix="fovea-autogluon-") as work:
            np.save(Path(work) / "rows.npy", values)
            _run(self.python, ["predict", str(self.folder), work], deadline_s=_EXTRA_S)
            return np.asarray(np.load(Path(work) / "predictions.npy", allow_pickle=False))


class AutoGluonEngine:
    """`python` is that of AutoGluon's environment, from FOVEA_AUTOGLUON_PYTHON."""

    name = "autogluon"

    def __init__(self, python: Path | None) -> None:
        self._python = python

    def fit(self, request: EngineRequest) -> EngineResult:
        """AutoGluon validates on our folds, each in turn, so time-ordered ones train on later rows."""
        python = self.require()
        work = request.folder / "work"
        work.mkdir(parents=True)
        _write_request(request, work)
        report = _run(
            python,
            ["fit", str(request.folder / "autogluon"), str(work)],
            deadline_s=request.budget_s + _EXTRA_S,
            request=request,
        )
        return EngineResult(
            model=AutoGluonModel(python, request.folder / "autogluon"),
            selection_metric=report.metric,
            selection_score=report.score,
            notes=(
                f"AutoGluon {report.version} chose the model, and its score is for its own bags.",
            ),
        )

    def require(self) -> Path:
        """The environment's Python. Raises TableError, which says how to make one, without it."""
        if self._python is None or not self._python.is_file():
            given = "nothing" if self._python is None else str(self._python)
            raise TableError(
                f"Expected the Python of an environment with AutoGluon, but found {given}. "
                + HOW_TO_INSTALL
            )
        return self._python


def _write_request(request: EngineRequest, work: Path) -> None:
    rows = request.split.development
    np.save(work / "values.npy", np.asarray(request.values, np.float64)[rows])
    np.save(work / "targets.npy", request.targets[rows])
    fold_of_row = np.full(len(rows), -1, np.int64)
    for number, fold in enumerate(request.split.folds):
        fold_of_row[np.searchsorted(rows, fold.validation)] = number
    np.save(work / "folds.npy", fold_of_row)
    (work / "task.json").write_text(TaskDescription.of(request.task).model_dump_json())
    (work / "budget").write_text(f"{request.budget_s:.1f}")


def _run(
    python: Path, arguments: list[str], *, deadline_s: float, request: EngineRequest | None = None
) -> AutoGluonReport:
    """Run the program to its end. Raises TableError if that is late, or if it fails."""
    report_path = Path(arguments[-1]) / "report.json"
    process = subprocess.Popen(
        [str(python), str(PROGRAM), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait(process, deadline_s, request)
        report = AutoGluonReport.model_validate_json(report_path.read_text())
    except (OSError, ValidationError) as error:
        raise TableError(
            f"AutoGluon ended with the status {process.returncode} and without a result. "
            "Try it in its environment by itself."
        ) from error
    finally:
        # It starts processes of its own.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if report.error:
        raise TableError(f"AutoGluon failed: {report.error} {HOW_TO_INSTALL}")
    return report


def _wait(
    process: "subprocess.Popen[bytes]", deadline_s: float, request: EngineRequest | None
) -> None:
    end = time.monotonic() + deadline_s
    control = None if request is None else request.control
    while process.poll() is None:
        if time.monotonic() > end:
            raise TableError(
                f"AutoGluon did not end within {deadline_s:.0f} seconds. Give it a larger budget."
            )
        if control is not None and control.should_stop(0):
            raise TableError("AutoGluon was stopped, and it keeps nothing until its end.")
        with suppress(subprocess.TimeoutExpired):
            process.wait(_POLL_S)
