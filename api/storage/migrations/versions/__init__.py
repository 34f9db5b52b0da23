"""One step of that history a file, in the order of their names."""
