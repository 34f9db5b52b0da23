"""Fits what is known about a model on data that it was not trained on."""
