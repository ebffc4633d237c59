"""The processes of an operation and the gRPC between them."""
