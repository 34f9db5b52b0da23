"""Recipes: what is trained, each behind the protocol of `training.recipe`."""
