"""Measures generated images against real ones, and finds those that a model has memorised."""
