"""The gRPC messages, generated from serving/v1/diagnosis.proto."""
