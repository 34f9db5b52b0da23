"""Reads a table that someone uploads, finds the types of its columns, and describes it."""
