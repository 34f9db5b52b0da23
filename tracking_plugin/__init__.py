"""Extends MLflow: the server with a wiretap on writes, clients with control of runs and a Ray backend."""
