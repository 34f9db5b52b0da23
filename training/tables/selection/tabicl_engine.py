"""Runs TabICL with a checkpoint from a local path, in the environment that has it."""

from dataclasses import replace
from pathlib import Path

from training.tables.errors import TableError
from training.tables.selection.engine import EngineRequest, EngineResult
from training.tables.selection.engine_program import EngineProgram

HOW_TO_INSTALL = (
    "Install it, with `.venv/bin/pip install tabicl`, and set FOVEA_TABICL_PYTHON to the path of "
    ".venv/bin/python, or to that of an environment of its own."
)


class TabICLEngine:
    """`python` and `checkpoint` are from FOVEA_TABICL_PYTHON and FOVEA_TABICL_CHECKPOINT."""

    name = "tabicl"

    def __init__(self, python: Path | None, checkpoint: Path | None) -> None:
        self._checkpoint = checkpoint
        self._program = EngineProgram(
            engine=self.name,
            title="TabICL",
            library="tabicl",
            python=python,
            how_to_install=HOW_TO_INSTALL,
            # It loads the checkpoint that it is given, and never downloads one.
            settings={
                "FOVEA_TABICL_CHECKPOINT": str(checkpoint and checkpoint.absolute()),
                "HF_HUB_OFFLINE": "1",
            },
        )

    def require(self) -> None:
        """Raises TableError, which says what to do, without an environment or a checkpoint."""
        self._program.require()
        if self._checkpoint is None or not self._checkpoint.is_file():
            given = "nothing" if self._checkpoint is None else str(self._checkpoint)
            raise TableError(
                f"Expected the file of a checkpoint of TabICL, but found {given}. Download one "
                "for classes or for numbers, and set FOVEA_TABICL_CHECKPOINT to its path."
            )

    def fit(self, request: EngineRequest) -> EngineResult:
        """Nothing is trained: the rows of the development part are what it predicts from."""
        self.require()
        report, result = self._program.fit(request)
        said = f"TabICL {report.version} predicts from the training rows, without training."
        return replace(result, notes=(said, *result.notes))
