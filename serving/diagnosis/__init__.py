"""Turns the outputs of the model into an answer: gates, thresholds, findings, risk."""
