"""Fovea's own tables, their database, and leases in it."""
