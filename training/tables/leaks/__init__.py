"""Finds columns of a table that give the answer away."""
