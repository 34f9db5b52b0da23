"""Decides which rows of a table train, which validate and which are held out."""
