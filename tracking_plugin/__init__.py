"""What plugs into MLflow, on the server's side and on the client's."""
