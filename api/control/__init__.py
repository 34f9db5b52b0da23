"""What people want of a run, what the run says it does, and the way between the two."""
