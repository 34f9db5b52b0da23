"""Tells a run's watchers which stage the pipeline is in, how far it is, and how long it takes."""

from collections.abc import Mapping

from tracking_plugin.names import PipelineMetric, PipelineStage
from training.recipe_spec import Tracker

_SHARES: Mapping[PipelineStage, float] = {
    PipelineStage.DATA_UPLOAD: 2,
    PipelineStage.DATA_ANALYSIS: 13,
    PipelineStage.DATA_PROCESSING: 1,
    PipelineStage.FEATURE_ENGINEERING: 4,
    PipelineStage.MODEL_SELECTION: 25,
    PipelineStage.MODEL_TRAINING: 40,
    PipelineStage.MODEL_EVALUATION: 10,
    PipelineStage.MODEL_DEPLOYMENT: 5,
}
"""Percent of a progress bar. They are no times: those differ by table."""


class PipelineProgress:
    """Logs the stage, the progress and the time left as metrics, and a line for each stage."""

    def __init__(self, tracker: Tracker) -> None:
        self._tracker = tracker
        self._stage = PipelineStage.DATA_UPLOAD
        self._percent = 0.0
        self.step = 0
        """The number of the newest record, which is the step of its metrics."""

    def enter(self, stage: PipelineStage) -> None:
        self._stage = stage
        self.say(f"Stage {stage.number + 1} of {len(PipelineStage)}: {stage.words}.")
        self._log({PipelineMetric.STAGE: float(stage.number)}, fraction=0.0)

    def update(self, fraction: float, *, seconds_left: float | None = None) -> None:
        """`fraction` of the present stage is done, from 0 to 1."""
        known: dict[str, float] = {}
        if seconds_left is not None:
            known[PipelineMetric.SECONDS_LEFT] = round(seconds_left)
        self._log(known, fraction=fraction)

    def finish(self) -> None:
        self._percent = 100.0
        self._log({PipelineMetric.SECONDS_LEFT: 0.0}, fraction=1.0)

    def log(self, metrics: Mapping[str, float]) -> None:
        """Log further metrics at the step of their own."""
        self.step += 1
        self._tracker.log_metrics(metrics, self.step)

    def say(self, text: str) -> None:
        """Write a line for people into the log of the job. It must not have cells of the table."""
        print(text, flush=True)

    def _log(self, metrics: Mapping[str, float], *, fraction: float) -> None:
        before = sum(_SHARES[stage] for stage in PipelineStage if stage.number < self._stage.number)
        percent = before + _SHARES[self._stage] * min(1.0, max(0.0, fraction))
        # Progress never goes back, whatever a stage estimates.
        self._percent = max(self._percent, percent)
        self.log({PipelineMetric.PROGRESS_PERCENT: round(self._percent, 1), **metrics})
        self._tracker.expedite()
