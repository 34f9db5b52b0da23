"""ASGI middleware in front of the routes and the sockets."""
