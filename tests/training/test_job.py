"""A job travels to other machines with what they need to reach the server, and shows none of it."""

import os
from pathlib import Path
from typing import Any

import pytest

from training import rank
from training.job import TrainingJob
from training.outcome import Ending, TrainingOutcome
from training.recipe_spec import ProgramSpec

OUTCOME = TrainingOutcome(ending=Ending.COMPLETED, message="", steps=1)


def job() -> TrainingJob:
    return TrainingJob(
        recipe="any",
        recipe_version=1,
        config={},
        requested={},
        launch={},
        run_id="r",
        tracking_uri="http://host",
        artifact_uri="mlflow-artifacts:/r",
        data_dir=Path("data"),
        use_gpu=False,
        shows_bars=False,
        register_as="any",
        delivery_timeout_s=1.0,
    )


def test_a_rank_elsewhere_gets_the_credentials_which_the_repr_does_not_show(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "ada")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "topsecret")
    sent = job()
    monkeypatch.delenv("MLFLOW_TRACKING_PASSWORD")
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "of that machine")
    seen: dict[str, Any] = {}

    def run_program(_: object, __: object) -> TrainingOutcome:
        seen.update(os.environ)
        return OUTCOME

    monkeypatch.setattr(rank, "recipe_spec", lambda _: object.__new__(ProgramSpec))
    monkeypatch.setattr(rank, "run_program", run_program)

    assert rank.run_rank(sent) is OUTCOME
    assert seen["MLFLOW_TRACKING_PASSWORD"] == "topsecret"
    assert seen["MLFLOW_TRACKING_USERNAME"] == "ada"
    assert "topsecret" not in repr(sent)
    assert "topsecret" not in str({"job": sent})
