"""Tests of diagnosis in front of the gRPC service."""
