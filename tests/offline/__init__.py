"""Tests of the offline engine, with the real engine as the judge."""
