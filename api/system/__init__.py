"""Statistics of the server's machine, and the health of the server."""
