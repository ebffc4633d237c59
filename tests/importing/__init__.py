"""Tests of `pulumi-openrouter import`."""
