"""Says whether a model may have learned from the rows of a new table before."""

from dataclasses import dataclass
from enum import StrEnum

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from training.recipes.tables.registered_model import RegisteredTableModel

TRAINED_ON = "trained_on"
"""The fact of a fine-tuned model that lists the digests of the files of those before it."""


class SeenBefore(StrEnum):
    YES = "yes"
    """The same file was trained on."""
    UNKNOWN = "unknown"
    """Another file was; nothing says which rows it had."""


@dataclass(frozen=True, kw_only=True)
class Origin:
    """The files that a model and those before it were trained on."""

    digests: tuple[str, ...]
    is_complete: bool
    """Whether the run of the model names its file."""

    def seen(self, digest: str) -> SeenBefore:
        return SeenBefore.YES if digest in self.digests else SeenBefore.UNKNOWN

    def sentence(self, digest: str) -> str:
        if self.seen(digest) is SeenBefore.YES:
            return (
                "Warning: the registered model was trained on this very file. It may know the "
                "held-out rows, so both scores, before and after, are too good."
            )
        if not self.is_complete:
            return (
                "Whether the registered model has seen rows of this table is unknown: its run names "
                "no file. If it has, both scores, before and after, are too good."
            )
        return (
            "Whether the registered model has seen rows or groups of this table is unknown: it was "
            "trained on another file, of which only the digest is kept. If it has, both scores, "
            "before and after, are too good."
        )


def origin_of(source: RegisteredTableModel, tracking_uri: str) -> Origin:
    """What the model and its run say; a run that cannot be read says nothing."""
    listed = source.model.facts.get(TRAINED_ON)
    earlier = [it for it in listed if isinstance(it, str)] if isinstance(listed, list) else []
    own: list[str] = []
    if source.run_id:
        try:
            run = MlflowClient(tracking_uri).get_run(source.run_id)
        except MlflowException:
            pass
        else:
            own = [it.dataset.digest for it in run.inputs.dataset_inputs] if run.inputs else []
    return Origin(digests=tuple(dict.fromkeys([*earlier, *own])), is_complete=bool(own))
