"""Turns the columns of a table into the numbers that models learn from."""
