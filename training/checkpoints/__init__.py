"""Checkpoints: written whole, kept while they are worth it, brought to the artifact store."""
