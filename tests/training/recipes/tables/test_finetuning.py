"""A registered model learns further from a new table, and the report says what that is worth."""

import threading
from dataclasses import dataclass
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest

from tests.tracking_plugin.control_server import ControlServer
from tests.training.controlled import controlled, stop_once_paused
from tests.training.program import Program
from tests.training.tables.made_tables import made, target_of
from tests.waiting import until
from tracking_plugin.control_messages import Desired
from tracking_plugin.names import PipelineArtifact
from training import program as program_module
from training.recipes.tables.registered_model import load_registered
from training.tables.evaluation.calibration import Calibration, CalibrationKind
from training.tables.features.feature import FeatureKind
from training.tables.features.fitting import fit_encoder
from training.tables.labels import read_labels
from training.tables.learners.learner import Examples, LearningTask
from training.tables.learners.registry import LEARNERS
from training.tables.model.input_column import describe_inputs
from training.tables.model.publish import log_table_model
from training.tables.model.table_model import TableModel, rows_from_json
from training.tables.model.target import describe_target
from training.tables.selection.bagged_model import BaggedModel
from training.tables.selection.ensemble_model import EnsembleModel
from training.tables.targets.problem_type import ProblemType

COLUMNS = ("depth", "host", "noise")
ROUNDS = '{"n_estimators": 25, "learning_rate": 0.3}'


def stars(num_rows: int, edge: float, seed: int, *, is_random: bool = False) -> pd.DataFrame:
    """Two rows of each star: a planet if the signal is deeper than `edge`, or by chance."""
    draw = np.random.default_rng(seed)
    depth = draw.normal(size=num_rows).round(4)
    is_planet = draw.random(num_rows) < 0.5 if is_random else depth > edge
    return pd.DataFrame(
        {
            "star": [f"{seed}-{at // 2}" for at in range(num_rows)],
            "depth": depth,
            "host": draw.choice(["G", "K"], num_rows),
            "noise": draw.normal(size=num_rows).round(4),
            "score": is_planet.astype(int),
            "label": np.where(is_planet, "planet", "nothing"),
        }
    )


def source_model(*learners: str) -> TableModel:
    """A model of stars whose signal is deep above 0."""
    frame = stars(160, 0, seed=1)
    typed = made({name: list(frame[name]) for name in (*COLUMNS, "label")})
    choice = target_of(typed, "label", {"problem_type": ProblemType.BINARY})
    rows = np.arange(len(frame))
    encoder = fit_encoder(typed, rows, COLUMNS)
    task = LearningTask(
        problem_type=ProblemType.BINARY,
        num_classes=2,
        is_categorical=np.array([it.kind is FeatureKind.CATEGORY for it in encoder.features]),
        num_categories=np.array([it.num_categories for it in encoder.features], np.int64),
    )
    known = Examples(encoder.transform(typed.table), read_labels(typed, choice).numbers)
    bagged = [BaggedModel((LEARNERS[it].fit(task, known, None, {}),)) for it in learners]
    return TableModel(
        encoder=encoder,
        ensemble=EnsembleModel(tuple(bagged), (1 / len(bagged),) * len(bagged)),
        calibration=Calibration(kind=CalibrationKind.IDENTITY, reason="Not calibrated."),
        target=describe_target(typed, choice),
        inputs=describe_inputs(typed, rows, encoder.input_columns),
        facts={"group": "star"},
    )


@dataclass(frozen=True)
class Registry:
    """A store with the champion `stars`, version 1, and `woods`, which is a forest alone."""

    program: Program

    def fit(self, patch: pytest.MonkeyPatch, frame: pd.DataFrame, *more: str) -> int:
        path = self.program.root / "new.csv"
        frame.to_csv(path, index=False)
        common = ("fit", "--recipe", "tables", "--launcher", "single", "--data", str(path))
        return self.program.run_here(patch, *common, *more)

    def document(self, artifact: PipelineArtifact) -> Any:
        return self.program.json_artifact(self.program.runs()[0].info.run_id, artifact)

    def version_of(self, name: str, alias: str) -> str:
        return str(self.program.client.get_model_version_by_alias(name, alias).version)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    program = Program(tmp_path_factory.mktemp("registry"))
    before = mlflow.get_tracking_uri()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(program.root)
        for name, learners in (
            ("stars", ("lightgbm", "random_forest")),
            ("woods", ("random_forest",)),
        ):
            run = program.client.create_run("0")
            version = log_table_model(
                source_model(*learners),
                run_id=run.info.run_id,
                tracking_uri=program.tracking_uri,
                register_as=name,
            )
            program.client.set_registered_model_alias(name, "champion", version)
            program.client.set_terminated(run.info.run_id)
    mlflow.set_tracking_uri(before)
    return Registry(program)


def test_a_shifted_table_is_learned_and_becomes_a_version_that_nobody_serves_yet(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    new = stars(300, 1, seed=2)
    flags = ("--finetune", "models:/stars@champion", "--hyperparameters", ROUNDS)
    assert registry.fit(monkeypatch, new, *flags) == 0

    found = registry.document(PipelineArtifact.FINETUNING)
    before, after = found["before"]["metrics"]["macro_f1"], found["after"]["macro_f1"]
    difference = found["difference"]["macro_f1"]
    assert after["value"] > before["value"] + 0.1
    assert difference["value"] == pytest.approx(after["value"] - before["value"])
    assert difference["interval"][0] > 0
    assert (found["verdict"], found["seen_before"]) == ("better", "unknown")
    assert found["source"]["version"] == "1"
    assert "Fine-tuning helped" in capfd.readouterr().out

    selection = registry.document(PipelineArtifact.SELECTION)
    boosted, forest = selection["candidates"]
    assert {it["status"] for it in boosted["members"]} == {"continued"}
    assert {it["status"] for it in forest["members"]} == {"kept"}
    assert "cannot continue" in forest["continued_by"]
    analysis = registry.document(PipelineArtifact.ANALYSIS)
    assert analysis["group"]["column"] == "star"
    left_out = registry.document(PipelineArtifact.PROCESSING)["left_out"]
    assert left_out["score"] == "The registered model does not take it."
    stars_of_holdout = [
        new["star"][row["row"] - 1] for row in registry.document(PipelineArtifact.PREDICTIONS)
    ]
    assert all(stars_of_holdout.count(star) == 2 for star in stars_of_holdout)
    run = registry.program.runs()[0]
    assert run.data.metrics["difference/macro_f1"] == difference["value"]

    client = registry.program.client
    version = client.get_model_version("stars", "2")
    assert version.tags["fovea.parent_version"] == "stars/1"
    assert registry.version_of("stars", "champion") == "1"
    model = load_registered("stars/2", registry.program.tracking_uri).model
    assert model.encoder.features == source_model("linear").encoder.features
    row = {"depth": 0.5, "host": "G", "noise": 0.0}
    answers = {
        name: next(
            load_registered(name, registry.program.tracking_uri)
            .model.predict(rows_from_json(model, [row]))
            .rows()
        ).label
        for name in ("stars/1", "stars/2")
    }
    assert answers == {"stars/1": "planet", "stars/2": "nothing"}


def test_a_version_that_is_asked_for_gets_its_alias_and_knows_the_files_before_it(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = stars(120, 1, seed=3)
    flags = ("--hyperparameters", ROUNDS, "--register-as", "suns")
    assert registry.fit(monkeypatch, new, "--finetune", "stars/1", *flags) == 0
    assert registry.document(PipelineArtifact.DEPLOYMENT)["model_name"] == "suns"

    again = ("--finetune", "suns", "--hyperparameters", ROUNDS, "--finetuned-alias", "next")
    assert registry.fit(monkeypatch, new, *again) == 0
    found = registry.document(PipelineArtifact.FINETUNING)
    assert found["seen_before"] == "yes"
    assert "this very file" in found["seen_before_sentence"]
    assert registry.version_of("suns", "next") == "2"
    assert registry.version_of("suns", "champion") == "1"


def test_labels_by_chance_show_no_gain(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    new = stars(240, 0, seed=4, is_random=True)
    flags = ("--finetune", "stars/1", "--hyperparameters", ROUNDS)
    assert registry.fit(monkeypatch, new, *flags) == 0
    found = registry.document(PipelineArtifact.FINETUNING)
    assert found["verdict"] == "no_gain"
    low, high = found["difference"]["macro_f1"]["interval"]
    assert low <= 0 <= high
    said = capfd.readouterr().out
    assert "no gain is shown" in said or "did not help" in said


def test_a_pause_and_a_stop_between_rounds_keep_the_best_so_far(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_boosting() -> bool:
        return registry.program.runs()[0].data.metrics.get("pipeline/stage") == 5

    def pause_and_stop(server: ControlServer) -> None:
        until(is_boosting, "boosting")
        server.set_desired(Desired.PAUSED)
        stop_once_paused(server)

    slow = '{"n_estimators": 20000, "learning_rate": 0.0001}'
    flags = ("--finetune", "stars/1", "--hyperparameters", slow, "--num-folds", "20")
    with controlled(monkeypatch, program_module) as server:
        stopping = threading.Thread(target=pause_and_stop, args=(server,))
        stopping.start()
        assert (
            registry.fit(monkeypatch, stars(240, 1, seed=6), *flags, "--register-as", "paused") == 0
        )
        stopping.join()

    run = registry.program.runs()[0]
    assert (run.info.status, run.data.tags["fovea.status"]) == ("KILLED", "stopped")
    selection = registry.document(PipelineArtifact.SELECTION)
    members = selection["candidates"][0]["members"]
    assert selection["was_stopped"] is True
    assert members[0]["status"] == "continued"
    assert members[-1]["message"] == "The run was stopped before it."
    assert registry.version_of("paused", "champion") == "1"


def renamed(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.rename(columns={"depth": "Depth"}).drop(columns="noise")


def with_letters(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(depth=["deep"] * len(frame))


def with_other_labels(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(label=frame["label"].replace("nothing", "binary star"))


@pytest.mark.parametrize(
    ("change", "flags", "words"),
    [
        (renamed, ("--finetune", "stars"), ("'depth', 'noise' are absent", "'Depth'")),
        (with_letters, ("--finetune", "stars"), ("Row 1", "'depth'")),
        (with_other_labels, ("--finetune", "stars"), ("'binary star'", "'nothing', 'planet'")),
        (lambda it: it.drop(columns="label"), ("--finetune", "stars"), ("'label'", "labels")),
        (None, ("--finetune", "stars", "--hyperparameters", '{"speed": 1}'), ("'speed'", "num_leaves")),
        (None, ("--finetune", "stars", "--hyperparameters", '{"learning_rate": 9}'), ("0.0001 to 1",)),
        (None, ("--finetune", "woods"), ("Random forest, which cannot",)),
        (None, ("--finetune", "stars/77"), ("there is none called 'stars/77'",)),
        (None, ("--finetune", "a/b/c"), ("name@alias",)),
        (None, ("--finetune", "stars", "--learners", "linear"), ("learners", "Leave it out")),
        (None, ("--finetune", "stars", "--finetuned-alias", "v1"), ("finetuned_alias",)),
        (None, ("--finetuned-alias", "next"), ("finetuned_alias", "finetune")),
    ],
)  # fmt: skip
def test_what_does_not_fit_the_model_is_named_without_a_traceback(
    registry: Registry,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    change: Any,
    flags: tuple[str, ...],
    words: tuple[str, ...],
) -> None:
    frame = stars(40, 0, seed=5)
    assert registry.fit(monkeypatch, frame if change is None else change(frame), *flags) == 1
    error = capfd.readouterr().err
    for word in words:
        assert word in error, error
    assert "Traceback" not in error
    assert "deep'" not in error
