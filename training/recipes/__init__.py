"""Recipes: what is trained and how, one folder each."""
