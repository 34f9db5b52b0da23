"""Sends what runs log to the clients of the WebSocket `/ws`."""
