"""Reads and describes single columns of a table."""
