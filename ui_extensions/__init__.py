"""What people look at; not there yet."""
