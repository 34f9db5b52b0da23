"""Reads each type of file that holds a table."""
