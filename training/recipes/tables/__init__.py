"""Learns from a table: from the uploaded file to a registered model, in eight stages."""
