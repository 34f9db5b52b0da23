"""Fovea's server in front of MLflow, its client and the `fovea` command."""
