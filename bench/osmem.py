"""osmem, the search engine of the local stack, on its own: for tests and benches."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from bench.server import Missing
from infra.package import ROOT


@contextmanager
def running(port: int) -> Iterator[str]:
    """osmem with nothing in it on 127.0.0.1; yields its address. Raises Missing."""
    found = sorted((ROOT / ".local" / "emulators").glob("lib/python3.*/site-packages/osmem_server/bin/osmem-server"))
    if not found:
        raise Missing("the emulators are not installed: make test does it, or python -m infra.local install")
    command = [found[0], "-addr", f"127.0.0.1:{port}", "-parent-pid", str(os.getpid()), "-no-stdin-watch"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            next(iter(process.stdout or ()), None)  # it says when it is ready
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
