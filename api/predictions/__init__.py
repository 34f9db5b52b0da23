"""Predictions for rows of tables, in front of the gRPC service."""
