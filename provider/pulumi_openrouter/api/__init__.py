"""Typed calls to OpenRouter's Workspaces API; knows nothing of Pulumi.

The lifecycles and the lookups call `client.Client`; below it come one module per REST noun,
`paging` and `snapshots` for reads, and `transport`, the only way out to the network.
"""
