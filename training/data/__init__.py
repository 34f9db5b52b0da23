"""Data sets: reads files from disk and makes augmented batches of them on the device."""
