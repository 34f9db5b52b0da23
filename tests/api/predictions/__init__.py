"""Tests of predictions in front of the gRPC service."""
