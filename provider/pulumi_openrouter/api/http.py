"""The httpx library, imported without its command line.

Where click and rich are installed, as the extra `sandbox` does, `import httpx` also imports httpx's
command line: 65 ms of CPU instead of 13 (httpx 0.28), in every provider process that sends a
request. Hide that module for the import only, so that a program can still import it. This is not
needed once httpx imports it lazily.
"""

import sys

__all__ = ["httpx"]

_COMMAND_LINE = "httpx._main"
sys.modules.setdefault(_COMMAND_LINE, None)  # type: ignore[arg-type] # None: cannot be imported
try:
    import httpx
finally:
    if sys.modules[_COMMAND_LINE] is None:
        del sys.modules[_COMMAND_LINE]  # pragma: no cover - tests have imported httpx before
