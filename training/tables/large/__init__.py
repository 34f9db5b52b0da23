"""Learns from tables that do not fit into memory, by reading them in batches."""
