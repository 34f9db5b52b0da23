"""Starts the server processes."""
