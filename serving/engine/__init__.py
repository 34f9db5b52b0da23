"""Loads the registered model, and predicts in batches."""
