"""Fits the evidence of the best model of a training at its end, on all ranks."""

import logging

import torch

from training.checkpoints.checkpoint import read_checkpoint
from training.checkpoints.store import CheckpointStore
from training.evidence.outputs import FittedEvidence, no_evidence
from training.process import Process
from training.recipe import EvidencedRecipe, Recipe
from training.steps.trained_weights import trained_weights

logger = logging.getLogger(__name__)


def fit_best_evidence(
    recipe: Recipe, checkpoints: CheckpointStore, process: Process
) -> FittedEvidence | None:
    """The evidence of the best checkpoint on rank 0, None on other ranks; a collective.

    The recipe's model gets the weights of that checkpoint. A failure is logged, and is the only
    content of the evidence: a model without evidence is better than none.
    """
    if not isinstance(recipe, EvidencedRecipe):
        return no_evidence("No evidence: the recipe of the model fits none.")
    failure = process.broadcast(_load_best(recipe, checkpoints) if process.is_main else "")
    if failure:
        return no_evidence(failure)
    try:
        process.broadcast_tensors(trained_weights(recipe).tensors())
        recipe.model.eval()
        return recipe.evidence(recipe.model)
    except Exception as error:
        logger.warning("The evidence of the model could not be fitted.", exc_info=True)
        # Messages may name files, and names of files may name patients.
        return no_evidence(f"No evidence: the fit failed ({type(error).__name__}).")
    finally:
        if process.device.type == "cuda":
            torch.cuda.empty_cache()


def _load_best(recipe: Recipe, checkpoints: CheckpointStore) -> str:
    """Load the weights of the best checkpoint; returns why that is impossible, as a sentence."""
    try:
        best = checkpoints.best()
        if best is None:
            return "No evidence: no evaluation was made, so there is no best model."
        weights = read_checkpoint(checkpoints.path(best)).evaluated_weights
        trained_weights(recipe).load(weights)
    except Exception as error:
        logger.warning("The best model could not be read to fit its evidence.", exc_info=True)
        return f"No evidence: the best model could not be read ({type(error).__name__})."
    return ""
