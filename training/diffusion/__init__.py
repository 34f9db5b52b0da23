"""Trains generators of images by diffusion, and checks what they generate."""
