"""The tracker: logs to MLflow without waiting for it, through a spool on disk."""
