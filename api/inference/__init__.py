"""The connection to the inference service, `python -m serving`, which answers by registered models."""
