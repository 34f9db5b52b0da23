"""Data sets: from files on disk to augmented batches on the device."""
