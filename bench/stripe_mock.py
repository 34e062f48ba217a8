"""stripe-mock, Stripe's own server that holds requests against Stripe's description of its API. Go builds it once.

MIT. It keeps nothing and knows no order of events: what it proves is that a request is one that Stripe would read.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from bench.server import Missing, answers, need
from infra.package import ROOT

VERSION = "v0.203.0"
_HOME = ROOT / ".local" / "stripe-mock"


def install() -> str:
    """The program. Raises Missing."""
    program = _HOME / VERSION / "stripe-mock"
    if not program.exists():
        need(go="no Go")
        _HOME.mkdir(parents=True, exist_ok=True)
        command = ["go", "install", f"github.com/stripe/stripe-mock@{VERSION}"]
        log = _HOME / "go.log"
        with log.open("wb") as output:
            env = {**os.environ, "GOBIN": str(program.parent), "CGO_ENABLED": "0"}
            if subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=env).returncode:
                raise Missing(f"Go could not build stripe-mock; see {log.relative_to(ROOT)}")
    return str(program)


@contextmanager
def running(port: int, other_port: int) -> Iterator[str]:
    """stripe-mock on 127.0.0.1; yields its address. `other_port` is for HTTPS, which nobody asks."""
    program, log = install(), _HOME / f"log-{port}"
    with log.open("wb") as output:
        addresses = ["-http-addr", f"127.0.0.1:{port}", "-https-addr", f"127.0.0.1:{other_port}"]
        process = subprocess.Popen([program, *addresses], stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        try:
            answers(process, "stripe-mock", f"http://127.0.0.1:{port}", log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait()
            log.unlink(missing_ok=True)
