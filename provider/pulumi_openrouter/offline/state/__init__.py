"""The state of a stack, in memory and on disk."""
