"""ministack, whose functions share one unpacked package. Runs in the emulators' virtual environment, `python -I`.

ministack unpacks a function's zip anew for each of its workers: thousands of small files, a hundred times over, which
keeps the machine busier than the shop itself does. A package never changes and functions may not write to it, so each
is unpacked once, named by its digest, and every worker gets a link to it.
"""

import hashlib
import os
import sys
import threading
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ministack.app import main
from ministack.core import lambda_runtime

_one_at_a_time = threading.Lock()


class SharedPackage(zipfile.ZipFile):
    def extractall(self, path: Any = None, members: Any = None, pwd: bytes | None = None) -> None:
        """Make the empty folder `path` a link to the files of this zip, and remove the zip itself."""
        package = Path(str(self.filename))
        unpacked = Path(os.environ["TMPDIR"]) / f"package-{_digest(package)}"
        with _one_at_a_time:
            if not unpacked.exists():
                half = unpacked.with_suffix(".half")
                super().extractall(half)
                half.rename(unpacked)
        Path(path).rmdir()
        Path(path).symlink_to(unpacked)
        package.unlink()


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


# Of the module's names for zip files those that it uses for Python functions without layers, which is all there are.
lambda_runtime.zipfile = SimpleNamespace(ZipFile=SharedPackage, BadZipFile=zipfile.BadZipFile)

sys.exit(main())
