"""Diffusion models: their families, what is trained of them, their data, and how good they draw."""
