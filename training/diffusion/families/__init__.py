"""The families of diffusion models that can be trained, each behind one adapter."""
