"""A folder of this process's own, which goes with it.

Not `tempfile.TemporaryDirectory`: a forked child that ends would remove it under its parent.
"""

import os
import shutil
import tempfile
import weakref
from pathlib import Path


class PrivateFolder:
    """A new folder that only this user can read; removed by `remove`, and at the interpreter's end."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="execution-router-"))
        self._finalizer = weakref.finalize(self, _remove, self.path, os.getpid())

    def remove(self) -> None:
        """Removes it and all that is in it."""
        self._finalizer()


def _remove(path: Path, made_by: int) -> None:
    if os.getpid() == made_by:
        shutil.rmtree(path, ignore_errors=True)
