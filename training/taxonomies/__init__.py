"""Taxonomies: the classes of a data set and its critical conditions."""
