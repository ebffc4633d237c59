"""What Pulumi calls: check, diff, create, read, update and delete of each resource."""
