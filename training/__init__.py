"""What runs on the accelerators: the loop, recipes, models, data, metrics, checkpoints."""
