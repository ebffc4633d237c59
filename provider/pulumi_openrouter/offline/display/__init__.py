"""Showing an operation."""
