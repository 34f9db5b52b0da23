"""Names of the artifacts of a registered model, for its writer, `publish.py`, and for serving.

Code that MLflow stores with a model repeats "weights", because it runs without Fovea.
"""

WEIGHTS = "weights"
EVIDENCE = "evidence"
STATISTICS = "feature_statistics"
TABLE_MODEL = "model"
"""The folder that `training.tables.model` saves, of a model of the recipe `tables`."""
