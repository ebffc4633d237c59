"""The error of a sandbox that cannot start, or of a control call that cannot be done."""


class SandboxError(Exception):
    """A database, seed, address or control call that cannot be used; its text is one line."""
