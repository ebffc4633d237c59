"""Carrying out an operation."""
