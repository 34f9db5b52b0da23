"""The kinds of models that learn from the features of a table."""
