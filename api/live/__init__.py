"""Live push: the bus that carries events, the hub that follows it, and the sockets that it feeds."""
