"""Inference over gRPC; not there yet."""
