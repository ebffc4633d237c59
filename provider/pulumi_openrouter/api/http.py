"""The httpx library, imported without its command line.

`import httpx` also imports httpx's command line wherever click and rich are installed, which the
extra `sandbox` does, and that takes longer than the rest of httpx. Hide that module for the import
only, so that a program can still import it. This is not needed once httpx imports it lazily.
"""

from __future__ import annotations

import sys

__all__ = ["httpx"]

_COMMAND_LINE = "httpx._main"
_hidden = _COMMAND_LINE not in sys.modules
if _hidden:
    sys.modules[_COMMAND_LINE] = None  # type: ignore[assignment] # None: cannot be imported
try:
    import httpx
finally:
    if _hidden:
        del sys.modules[_COMMAND_LINE]
