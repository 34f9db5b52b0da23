"""A pipeline without learning, in a thread of the test: it records what a real one records."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mlflow import MlflowClient

from tests.api.client.simulated_loop import SimulatedLoop
from tests.waiting import DEADLINE_S
from tracking_plugin.names import (
    CHAMPION,
    PipelineArtifact,
    PipelineMetric,
    PipelineStage,
    Tag,
    project_model,
)

LEAK = {
    "column": "score",
    "reason": "It is derived from the label.",
    "score_with": 0.91,
    "score_without": 0.79,
    "left_out": True,
    "rules": ["name"],
}
EVALUATION = {
    "selection_score": {"metric": "macro_f1", "value": 0.8, "interval": None},
    "holdout_score": {"metric": "macro_f1", "value": 0.79, "interval": [0.77, 0.81]},
    "num_rows": 12,
    "metrics": {
        "macro_f1": {"value": 0.79, "interval": [0.77, 0.81]},
        "accuracy": {"value": 0.75, "interval": [0.5, 0.9]},
    },
    "confusion": {"classes": ["ill", "well"], "counts": [[4, 1], [2, 5]]},
    "gap": {"metric": "macro_f1", "selection": 0.8, "holdout": 0.79},
}
PREDICTIONS = [
    {
        "row": 7,
        "prediction": "ill",
        "confidence": 0.8,
        "probabilities": {"ill": 0.8, "well": 0.2},
        "actual": "well",
        "contributions": {"age": -3.0, "height": 1.0},
        "explained": "log-odds of ill",
        "base_value": 0.5,
    },
    "no prediction",
]
FINETUNING = {
    "source": {"model_name": "m", "version": "1", "run_id": "r"},
    "metric": "macro_f1",
    "verdict": "better",
    "sentence": "Fine-tuning helped.",
    "before": {"metrics": {"macro_f1": {"value": 0.6, "interval": [0.5, 0.7]}}, "num_rows": 12},
    "difference": {"macro_f1": {"value": 0.19, "interval": [0.1, 0.3]}},
    "seen_before": "unknown",
}
RANKED = [{"rank": 1, "row": 3, "label": "CANDIDATE", "ranked_class": "yes", "probability": 0.9}]


@dataclass
class SimulatedPipeline:
    """If it `waits`, each run waits before each stage until `release` lets it go on."""

    waits: bool = False
    fails: bool = False
    finetunes: bool = False
    model_name: str = ""
    """Of the registered model; by default that of the project."""
    leaks: Sequence[Mapping[str, Any]] = (LEAK,)
    evaluation: Mapping[str, Any] = field(default_factory=lambda: EVALUATION)
    ranked: Sequence[Mapping[str, Any]] = tuple(RANKED)
    deployment: Mapping[str, Any] = field(default_factory=lambda: {"model_name": "m"})
    run_ids: list[str] = field(default_factory=list)
    _gate: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def reset(self) -> None:
        """Let every run that waits go on to its end, and the next ones begin anew."""
        self.waits, self.fails, self.finetunes, self.model_name = False, False, False, ""
        self._gate = threading.Semaphore(0)

    def release(self, num_stages: int = 1) -> None:
        for _ in range(num_stages):
            self._gate.release()

    def run(self, loop: SimulatedLoop) -> None:
        """Run to the end, or until the run is stopped."""
        self.run_ids.append(loop.run_id)
        client = MlflowClient(loop.url)
        client.update_run(loop.run_id, status="RUNNING")
        client.set_tag(loop.run_id, Tag.STATUS, "training")
        with loop._control() as control:
            assert control.wait_acknowledged(1, DEADLINE_S)
            for stage in PipelineStage:
                while self.waits and not self._gate.acquire(timeout=0.05):
                    if control.should_stop(stage.number):
                        return
                if control.should_stop(stage.number):
                    return
                self._enter(client, loop.run_id, stage)
                if self.fails and stage is PipelineStage.MODEL_SELECTION:
                    client.set_tag(loop.run_id, Tag.MESSAGE, "No model could be trained.")
                    client.set_terminated(loop.run_id, "FAILED")
                    return
        register(client, loop.run_id, self.model_name)
        client.set_terminated(loop.run_id)

    def _enter(self, client: MlflowClient, run_id: str, stage: PipelineStage) -> None:
        step = stage.number + 1
        client.log_metric(run_id, PipelineMetric.STAGE, stage.number, step=step)
        client.log_metric(run_id, PipelineMetric.PROGRESS_PERCENT, 12.5 * step, step=step)
        client.log_metric(run_id, PipelineMetric.SECONDS_LEFT, 80 - 10 * step, step=step)
        if self.finetunes and stage is PipelineStage.MODEL_EVALUATION:
            client.log_dict(run_id, FINETUNING, PipelineArtifact.FINETUNING)
        match stage:
            case PipelineStage.DATA_ANALYSIS:
                client.log_dict(run_id, {"leaks": list(self.leaks)}, PipelineArtifact.LEAKS)
            case PipelineStage.MODEL_SELECTION:
                selected = {
                    "selected_models": ["catboost", "linear"],
                    "selection_metric": "macro_f1",
                }
                client.log_dict(run_id, selected, PipelineArtifact.SELECTION)
                child = client.create_run(
                    client.get_run(run_id).info.experiment_id,
                    tags={"mlflow.parentRunId": run_id, Tag.CANDIDATE: "1"},
                )
                client.set_terminated(child.info.run_id)
            case PipelineStage.MODEL_EVALUATION:
                client.log_metric(run_id, "holdout/macro_f1", 0.79, step=step)
                client.log_dict(run_id, dict(self.evaluation), PipelineArtifact.EVALUATION)
                client.log_dict(run_id, list(self.ranked), PipelineArtifact.RANKED)
            case PipelineStage.MODEL_DEPLOYMENT:
                client.log_dict(run_id, dict(self.deployment), PipelineArtifact.DEPLOYMENT)
                client.log_dict(run_id, PREDICTIONS, PipelineArtifact.PREDICTIONS)


def register(client: MlflowClient, run_id: str, model_name: str) -> None:
    """A version of the registered model, with the alias that is served."""
    name = model_name or project_model(client.get_run(run_id).data.tags[Tag.PROJECT])
    client.log_text(run_id, "a model", "project/model/model.txt")
    source = f"{client.get_run(run_id).info.artifact_uri}/project/model"
    if not client.search_registered_models(f"name='{name}'"):
        client.create_registered_model(name)
    version = client.create_model_version(name, source, run_id)
    client.set_registered_model_alias(name, CHAMPION, version.version)
