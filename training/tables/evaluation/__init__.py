"""Measures predictions of tables on rows that selection never saw, and calibrates them."""
