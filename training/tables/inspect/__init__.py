"""Inspects an uploaded file before a pipeline starts, in a process with limits."""
