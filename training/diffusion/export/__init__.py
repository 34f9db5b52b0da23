"""Writes what was trained to files that diffusers, ComfyUI and A1111 load, and reads them back."""
