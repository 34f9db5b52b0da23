"""Taxonomies: the classes of a data set in output order, and its critical conditions."""
