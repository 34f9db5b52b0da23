"""Tries learners and hyperparameters within a budget of seconds, and combines the best."""
