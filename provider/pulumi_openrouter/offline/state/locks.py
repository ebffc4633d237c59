"""Locking a file against other processes, on every system.

The lock belongs to the open file: it ends with the process, however that ends, so none goes stale.
"""

import os
from typing import IO

if os.name == "nt":
    import msvcrt

    def lock_file(file: IO[str]) -> bool:
        """Lock an open file; return False if another process holds the lock."""
        try:
            # Past the text, which the one who is refused must be able to read.
            file.seek(1 << 20)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]  # Windows
        except OSError:
            return False
        finally:
            file.seek(0)
        return True

else:
    import fcntl

    def lock_file(file: IO[str]) -> bool:
        """Lock an open file; return False if another process holds the lock."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
