"""The weights of a recipe's model that its training changes."""

from training.checkpoints.model_state import ModelState
from training.recipe import Recipe
from training.recipe_abilities import PartlyTrained


def trained_weights(recipe: Recipe) -> ModelState:
    """The weights that checkpoints have; the model is on its device. Raises ConfigError for wrong names."""
    return ModelState(
        recipe.model, recipe.trained_names if isinstance(recipe, PartlyTrained) else None
    )
