"""Named views of the table of runs and of comparisons, which people share."""
