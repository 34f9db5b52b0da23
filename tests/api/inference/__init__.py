"""Tests of the connection to the inference service."""
