"""Fine-tunes a registered model on a new table with the columns that it takes."""
