"""Weighs which column of a table is to be predicted."""
