"""Trains diffusion models: families of models, methods, data, quality and export."""
