"""Runs AutoGluon in an environment of its own, since it does not install beside torch and Ray."""

from dataclasses import replace
from pathlib import Path

from training.tables.selection.engine import EngineRequest, EngineResult
from training.tables.selection.engine_program import EngineProgram

HOW_TO_INSTALL = (
    "Make an environment for it, with `python3.11 -m venv autogluon` and "
    "`autogluon/bin/pip install 'autogluon.tabular[catboost,lightgbm,xgboost]'`, and set "
    "FOVEA_AUTOGLUON_PYTHON to the path of autogluon/bin/python."
)


class AutoGluonEngine:
    """`python` is that of AutoGluon's environment, from FOVEA_AUTOGLUON_PYTHON."""

    name = "autogluon"

    def __init__(self, python: Path | None) -> None:
        self._program = EngineProgram(
            engine=self.name,
            title="AutoGluon",
            library="autogluon.tabular",
            python=python,
            how_to_install=HOW_TO_INSTALL,
        )

    def require(self) -> Path:
        """The environment's Python. Raises TableError, which says how to make one, without it."""
        return self._program.require()

    def fit(self, request: EngineRequest) -> EngineResult:
        """AutoGluon validates on our folds, each in turn, so time-ordered ones train on later rows."""
        report, result = self._program.fit(request)
        said = f"AutoGluon {report.version} chose the model, and its score is for its own bags."
        return replace(result, notes=(said, *result.notes))
