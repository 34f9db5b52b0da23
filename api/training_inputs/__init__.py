"""Data sets and base models that people register, so that trainings name them by an id."""
