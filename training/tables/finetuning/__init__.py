"""Continues the models of an ensemble on the rows of a new table."""
