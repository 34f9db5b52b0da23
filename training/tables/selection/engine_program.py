"""Runs the program of an engine in an environment of its own, and exchanges files with it."""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from training.tables.errors import TableError
from training.tables.labels import Floats
from training.tables.learners.model_folder import TaskDescription
from training.tables.selection.engine import EngineRequest, EngineResult

PROGRAM = Path(__file__).with_name("programs") / "program.py"
_EXTRA_S = 180.0
"""For loading libraries, and for the models that an engine finishes after its time."""
_POLL_S = 0.5
_WORK = "work"
_MODEL = "model"


class ProgramReport(BaseModel):
    """What a program says when it has ended."""

    model_config = ConfigDict(extra="forbid")

    error: str = ""
    is_installed: bool = True
    """False if its environment lacks the library."""
    version: str = ""
    metric: str = ""
    score: float | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class EngineProgram:
    """Runs `programs/program.py`, which needs nothing of Fovea, with the Python of an environment."""

    engine: str
    title: str
    """What people call the engine."""
    library: str
    """The package that its environment must have."""
    python: Path | None
    how_to_install: str
    settings: Mapping[str, str] = field(default_factory=dict)
    """Environment variables of the program."""

    def require(self) -> Path:
        """The environment's Python. Raises TableError, which says how to make one, without it."""
        if self.python is None or not self.python.is_file():
            given = "nothing" if self.python is None else str(self.python)
            raise TableError(
                f"Expected the Python of an environment with {self.title}, but found {given}. "
                + self.how_to_install
            )
        return self.python

    def fit(self, request: EngineRequest) -> tuple[ProgramReport, EngineResult]:
        """The report of the program, and its model with the notes of the report.

        Raises TableError if there is no such environment, or if the program fails or is late.
        """
        self.require()
        work, model = request.folder / _WORK, request.folder / _MODEL
        work.mkdir(parents=True)
        _write_request(request, work)
        deadline_s = request.budget_s + _EXTRA_S
        report = self.run(["fit", str(model), str(work)], deadline_s=deadline_s, request=request)
        num_outputs = request.task.num_classes or 1
        return report, EngineResult(
            model=ProgramModel(self, model, num_outputs, deadline_s),
            selection_metric=report.metric,
            selection_score=report.score,
            notes=report.notes,
        )

    def run(
        self, arguments: list[str], *, deadline_s: float, request: EngineRequest | None = None
    ) -> ProgramReport:
        """Run the program to its end. Raises TableError if that is late, or if it fails."""
        process = subprocess.Popen(
            [str(self.require()), str(PROGRAM), self.engine, *arguments],
            env={**os.environ, **self.settings},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            self._wait(process, deadline_s, request)
            report = (Path(arguments[-1]) / "report.json").read_text()
            return self._checked(ProgramReport.model_validate_json(report))
        except (OSError, ValidationError) as error:
            raise TableError(
                f"{self.title} ended with the status {process.returncode} and without a result. "
                "Try it in its environment by itself."
            ) from error
        finally:
            # It starts processes of its own.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _checked(self, report: ProgramReport) -> ProgramReport:
        if not report.is_installed:
            raise TableError(
                f"{self.title} failed: its environment has no {self.library}. {self.how_to_install}"
            )
        if report.error:
            raise TableError(
                f"{self.title} failed: {report.error} Try it in its environment by itself, or "
                "leave the engine out."
            )
        return report

    def _wait(
        self, process: "subprocess.Popen[bytes]", deadline_s: float, request: EngineRequest | None
    ) -> None:
        end = time.monotonic() + deadline_s
        control = None if request is None else request.control
        while process.poll() is None:
            if time.monotonic() > end:
                raise TableError(
                    f"{self.title} did not end within {deadline_s:.0f} seconds. Give it a larger "
                    "budget, or a smaller table."
                )
            if control is not None and control.should_stop(0):
                raise TableError(f"{self.title} was stopped, and it keeps nothing until its end.")
            with suppress(subprocess.TimeoutExpired):
                process.wait(_POLL_S)


@dataclass(frozen=True)
class ProgramModel:
    """Asks the program in the environment of the engine; it cannot be deployed or explained."""

    program: EngineProgram
    folder: Path
    num_outputs: int
    deadline_s: float

    def predict(self, values: Floats) -> Floats:
        """Raises TableError if the program fails, or answers something else than predictions."""
        with tempfile.TemporaryDirectory(prefix="fovea-engine-") as work:
            np.save(Path(work) / "rows.npy", values)
            self.program.run(["predict", str(self.folder), work], deadline_s=self.deadline_s)
            found = _read_predictions(Path(work) / "predictions.npy")
        if found is None or found.shape != (len(values), self.num_outputs):
            raise TableError(
                f"Expected predictions of {len(values)} rows and {self.num_outputs} outputs from "
                f"{self.program.title}, but it gave others. Try it in its environment by itself."
            )
        return found


def _read_predictions(path: Path) -> Floats | None:
    """None if the file holds no finite numbers."""
    try:
        found = np.asarray(np.load(path, allow_pickle=False), np.float64)
    except (OSError, ValueError):
        return None
    return found if np.isfinite(found).all() else None


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
