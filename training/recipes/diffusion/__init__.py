"""The recipe for diffusion models: adapters, new words or whole models, from images with captions."""
