"""Predictions for rows of tables by registered models: which are loaded, what they are asked, what they answer."""
