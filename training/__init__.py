"""The training program: its loop, recipes, models, data, metrics and checkpoints."""
