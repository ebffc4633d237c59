"""What a program writes: the three resources, typed inputs in and typed outputs out."""
