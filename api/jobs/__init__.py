"""Trainings that the server starts: as Ray jobs, watched to their ends."""
