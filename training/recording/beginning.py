"""Stores what a run begins with, or refuses to resume it if that has changed."""

import json
from dataclasses import dataclass

from training.job import TrainingJob
from training.recipe_spec import RunDescription
from training.recording.identity_store import IdentityStore
from training.run_identity import Beginning, RunIdentity, require_unchanged


def identity_store_of(job: TrainingJob) -> IdentityStore:
    return IdentityStore(
        run_id=job.run_id,
        artifact_uri=job.artifact_uri,
        tracking_uri=job.tracking_uri,
        work_dir=job.work_dir,
    )


@dataclass(frozen=True, kw_only=True)
class Start:
    """How a process starts a training: as a new one, or as one that continues."""

    identity: RunIdentity
    description: RunDescription
    is_resumed: bool


def read_beginning(job: TrainingJob) -> Beginning | None:
    """What the run began with; None if it has not begun. Raises TrainingError if that is unknown."""
    stored = identity_store_of(job).read()
    return None if stored is None else stored.beginning


def start(
    job: TrainingJob,
    description: RunDescription,
    before: Beginning | None,
    *,
    has_checkpoint: bool,
) -> Start:
    """Raises ConfigError that names what has changed since the run began."""
    now = _beginning(description)
    if before is not None:
        require_unchanged(job.run_id, before, now, has_checkpoint=has_checkpoint)
    identity = RunIdentity(
        recipe=job.recipe,
        recipe_version=job.recipe_version,
        requested=job.requested,
        launch=job.launch,
        config=job.config,
        beginning=before or now,
        document=description.document,
    )
    return Start(identity=identity, description=description, is_resumed=before is not None)


def _beginning(description: RunDescription) -> Beginning:
    facts = {**description.identity, "the content of the data": description.dataset.digest}
    return Beginning(
        world_size=description.world_size,
        samples_per_step=description.samples_per_step,
        # As the facts are read back.
        facts=json.loads(json.dumps(facts)),
        initial_weights=description.initial_weights,
    )
