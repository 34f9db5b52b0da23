"""Diagnosis of retinal images over gRPC, by models of the MLflow registry."""
