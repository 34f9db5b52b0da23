"""Fovea's own tables and their database."""
