"""The thin layer in front of MLflow: its routes, its settings and the `fovea` command."""
