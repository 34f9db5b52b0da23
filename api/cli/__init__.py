"""What `fovea status` and `fovea watch` show in a terminal."""
