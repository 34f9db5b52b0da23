"""The command `fit --run-id`: what a refused or interrupted run resumes with, and what it refuses."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from mlflow.entities import Run

from tests.training.data.images import truncate
from tests.training.program import TINY, Program
from training.loop import TrainingLoop
from training.models.backbone import BackboneConfig, build_classifier

NUM_STEPS = 18
FIT = ("fit", "--launcher", "single")


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path)


def begin(program: Program, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    return program.run_here(monkeypatch, *FIT, "--data", str(program.data), *TINY, *arguments)


def resume(program: Program, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    run_id = program.only_run().info.run_id
    return program.run_here(monkeypatch, *FIT, "--run-id", run_id, *arguments)


def interrupt(
    program: Program,
    monkeypatch: pytest.MonkeyPatch,
    *arguments: str,
    at: str = "_set_learning_rate",
    step: int = 12,
) -> Run:
    """A run that was interrupted in its second epoch, before the step after `step`."""
    method: Callable[[TrainingLoop], Any] = getattr(TrainingLoop, at)

    def interrupted(loop: TrainingLoop) -> Any:
        if loop.progress.step == step:
            raise KeyboardInterrupt
        return method(loop)

    with monkeypatch.context() as during:
        during.setattr(TrainingLoop, at, interrupted)
        assert begin(program, monkeypatch, *arguments) == 130
    run = program.only_run()
    assert run.info.status == "KILLED"
    return run


def curve_steps(program: Program, metric: str = "train/loss") -> list[int]:
    return [step for step, _ in program.curve(program.only_run().info.run_id, metric)]


def test_a_refused_run_trains_the_persons_data_once_they_are_mended(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = truncate(program.data / "train" / "OCT_Normal" / "003.jpg")
    monkeypatch.chdir(program.root)
    settings = ("--data", program.data.name, "--register-as", "own-model", *TINY)
    assert program.run_here(monkeypatch, *FIT, *settings) == 1
    bad.unlink()
    # From another folder, without repeating any setting.
    (program.root / "elsewhere").mkdir()
    run_id = program.only_run().info.run_id
    variables = program.variables()
    with monkeypatch.context() as during:
        during.setattr(Program, "variables", lambda _: variables)
        during.setattr(program, "root", program.root / "elsewhere")
        assert program.run_here(during, *FIT, "--run-id", run_id) == 0
    run = program.only_run()
    assert run.info.status == "FINISHED"
    assert run.data.params["data"] == str(program.root / "data")
    assert run.data.params["backbone"] == "test_resnet"
    assert run.data.params["train_images"] == "35"
    assert program.client.search_model_versions("name='own-model'")


def test_a_refused_setting_can_be_mended_and_the_others_stay(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert begin(program, monkeypatch, "--backbone", "no_such_network") == 1
    assert resume(program, monkeypatch, "--backbone", "test_resnet", "--epochs", "1") == 0
    params = program.only_run().data.params
    assert (params["backbone"], params["epochs"], params["batch_size"]) == ("test_resnet", "1", "4")


def _add_images(data: Path) -> None:
    for number in range(3):
        source = data / "train" / "OCT_Normal" / f"{number:03d}.jpg"
        shutil.copy(source, source.with_name(f"new{number}.jpg"))


def _rename_class(data: Path) -> None:
    for split in ("train", "val", "test"):
        (data / split / "Fundus_RAO").rename(data / split / "Fundus_DR")


def _exchange_contents(data: Path) -> None:
    first, second = (data / "train" / "OCT_Normal" / f"00{number}.jpg" for number in (1, 2))
    content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(content)


def _remove_data(data: Path) -> None:
    data.rename(data.with_name("moved"))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (_add_images, "the number of images: train: OCT_Normal changed from 12 to 15"),
        (
            _rename_class,
            "the classes changed from Fundus_Normal, Fundus_RAO, OCT_Normal to Fundus_DR",
        ),
        (_exchange_contents, "the content of the data changed from"),
        (_remove_data, "There is no data folder"),
    ],
)
def test_other_data_are_refused_and_nothing_is_trained(
    program: Program,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    change: Callable[[Path], None],
    named: str,
) -> None:
    interrupt(program, monkeypatch)
    before = curve_steps(program)
    change(program.data)
    assert resume(program, monkeypatch) == 1
    assert named in capsys.readouterr().err
    assert curve_steps(program) == before


def test_a_weights_file_that_is_gone_matters_only_without_a_checkpoint(
    program: Program, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    backbone = BackboneConfig(
        name="test_resnet",
        num_classes=3,
        image_size=32,
        drop_path=0.0,
        global_pool="avg",
        norm_layer="",
    )
    weights = program.root / "weights.pth"
    initial = build_classifier(backbone).state_dict()
    torch.save(initial, weights)
    interrupt(program, monkeypatch, "--weights", str(weights), step=3)
    moved = weights.rename(program.root / "moved.pth")
    assert resume(program, monkeypatch) == 1
    assert "no checkpoint yet that could replace the weights file" in capsys.readouterr().err
    torch.save({name: tensor + 1 for name, tensor in initial.items()}, weights)
    assert resume(program, monkeypatch) == 1
    assert "the content of the weights file is another one" in capsys.readouterr().err
    moved.rename(weights)
    with monkeypatch.context() as during:
        interrupted = TrainingLoop._set_learning_rate

        def interrupt_in_epoch_2(loop: TrainingLoop) -> None:
            if loop.progress.step == 12:
                raise KeyboardInterrupt
            interrupted(loop)

        during.setattr(TrainingLoop, "_set_learning_rate", interrupt_in_epoch_2)
        assert resume(program, monkeypatch) == 130
    weights.unlink()
    assert resume(program, monkeypatch) == 0
    assert curve_steps(program) == list(range(1, NUM_STEPS + 1))


def test_a_run_whose_stored_settings_are_gone_is_refused(
    program: Program, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = interrupt(program, monkeypatch)
    (Path(run.info.artifact_uri) / "config.json").unlink()
    assert resume(program, monkeypatch) == 1
    assert "config.json among its artifacts is missing" in capsys.readouterr().err
    assert program.only_run().data.tags == run.data.tags, "an ended run stays as it is"
    assert program.only_run().info.status == "KILLED"


def test_an_ended_run_that_has_never_begun_here_is_refused(
    program: Program, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    experiment = program.client.create_experiment("e", artifact_location=str(program.root / "a"))
    run_id = program.client.create_run(experiment).info.run_id
    program.client.set_terminated(run_id, "FAILED")
    assert resume(program, monkeypatch) == 1
    assert "does not say what it was trained with" in capsys.readouterr().err
    assert not program.only_run().data.params


def test_a_second_fit_leaves_a_running_run_as_it_is(
    program: Program, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    method = TrainingLoop._set_learning_rate
    seen: list[tuple[int, Run, Run]] = []

    def disturbed(loop: TrainingLoop) -> None:
        if loop.progress.step == 5 and not seen:
            before = program.only_run()
            status = resume(program, monkeypatch)
            seen.append((status, before, program.only_run()))
        method(loop)

    monkeypatch.setattr(TrainingLoop, "_set_learning_rate", disturbed)
    assert begin(program, monkeypatch) == 0
    ((status, before, after),) = seen
    assert status == 1
    assert "is in use, and was not changed" in capsys.readouterr().err
    assert after.info.status == before.info.status == "RUNNING"
    assert after.data.tags == before.data.tags
    assert program.only_run().info.status == "FINISHED"
    assert curve_steps(program) == list(range(1, NUM_STEPS + 1))
