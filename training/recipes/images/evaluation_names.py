"""Names an evaluation of a run by its split, its data set and its options."""

import re
from pathlib import Path

from training.config import Split
from training.taxonomies.names import composed

ALL_MODALITIES = "all"
MAX_NAME_CHARS = 40
NUM_DIGEST_CHARS = 8
_NOT_IN_METRIC_NAMES = re.compile(r"[^\w.\-]+")


def foreign_name(root: Path, digest: str) -> str:
    """The name of a data set in metrics and artifacts: its folder's, as MLflow accepts it, and a digest.

    Two data sets in folders of the same name have different ones.
    """
    name = _NOT_IN_METRIC_NAMES.sub("-", composed(root.name))[:MAX_NAME_CHARS].strip("-.")
    return f"{name or 'data'}_{digest[:NUM_DIGEST_CHARS]}"


def variant(split: Split, foreign: str, modality: str, *, tta: bool) -> str:
    """The name of an evaluation among those of its run, and the first part of its metrics.

    It always begins with `test`, so that no evaluation writes the metrics of a training: `test`,
    `test_fundus_tta`, `test_on_val`, `test_on_clinic_1a2b3c4d`.
    """
    parts = ["test"]
    if foreign or split is not Split.TEST:
        parts += ["on", *([foreign] if foreign else [])]
    if split is not Split.TEST:
        parts.append(str(split))
    if modality != ALL_MODALITIES:
        parts.append(modality)
    if tta:
        parts.append("tta")
    return "_".join(parts)
