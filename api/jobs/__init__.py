"""Jobs that the server runs on Ray: their kinds, their state and their logs."""
