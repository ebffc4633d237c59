"""Typed calls to OpenRouter's Workspaces API; knows nothing of Pulumi.

The lifecycles and the lookups call `client.Client`; below it come one module per REST noun,
`paging` and `snapshots` for reads, and `transport`, the only way out to the network.
"""

import sys

# httpx loads its own command line where click and rich are installed, as the extra `sandbox` does:
# that takes longer than all the rest of httpx, in every run, and nothing here uses it.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # None: cannot be imported
