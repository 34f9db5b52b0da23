"""Carries accepted events between the processes of a server."""
