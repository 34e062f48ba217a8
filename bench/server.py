"""A program of somebody else's that a bench or a test needs: what this machine lacks for it, and when it answers."""

import contextlib
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from infra.package import ROOT


class Missing(Exception):
    """This machine can not run it; the message says what it lacks."""


def need(**programs: str) -> None:
    """Raise Missing with the reason given for the first of `programs` that is not here."""
    for program, why in programs.items():
        if not shutil.which(program):
            raise Missing(f"{why} on this machine")


def answers(process: "subprocess.Popen[bytes]", name: str, url: str, log: Path, seconds: float = 60) -> None:
    """Wait until `url` answers, whatever it says. Raises Missing if it does not."""
    end = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < end:
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except urllib.error.HTTPError:
            return  # an answer too: DynamoDB refuses a request that nobody signed
        except OSError:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.1)
    raise Missing(f"{name} does not start; see {log.relative_to(ROOT)}")
