"""Records a training, and the status of its run, in MLflow."""
