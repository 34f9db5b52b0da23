"""Reads the configurations of other trainers."""
