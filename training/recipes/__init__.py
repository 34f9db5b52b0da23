"""Recipes: what is trained and how, one folder each, and the folders of what they share."""
