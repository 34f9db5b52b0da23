"""Diagnosis over REST: a thin front of the gRPC service."""
