"""What rank 0 keeps on record of a training in MLflow."""
