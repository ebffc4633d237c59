"""The fault suite: what the package does when the network, the API or the machine fails."""
