"""What stops a sandbox from starting or a control call from being done."""


class SandboxError(Exception):
    """A database, seed, address or control call that cannot be used; its text is one line."""
