"""Writes checkpoints atomically, deletes old ones, and copies the rest to the artifact store."""
