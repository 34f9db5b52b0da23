"""The gRPC server: requests, tokens, health, deadlines."""
