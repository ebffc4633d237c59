"""Property values, the paths into them and the differences between them."""
