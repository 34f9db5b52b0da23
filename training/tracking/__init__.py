"""Logs to MLflow without waiting for the tracking server, through a spool on disk."""
