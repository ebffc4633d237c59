"""What tests share: whole programs, run by either engine against a sandbox."""

from harness.project import Changes, Engine, Failure, Outcome, Project

__all__ = ["Changes", "Engine", "Failure", "Outcome", "Project"]
