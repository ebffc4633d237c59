"""Deciding which steps an operation takes."""
