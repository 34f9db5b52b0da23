"""Reads runs and their metrics from MLflow's stores, and writes to them."""
