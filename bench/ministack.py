"""ministack, the AWS of the local stack, on its own: S3 and DynamoDB in a process of their own, for benches."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.server import Missing, answers
from infra.package import ROOT

_PROGRAM = ROOT / ".local" / "emulators" / "bin" / "ministack"


@contextmanager
def running(port: int) -> Iterator[str]:
    """S3, DynamoDB, SQS and Secrets Manager with nothing in them on 127.0.0.1; yields the address. Raises Missing."""
    if not _PROGRAM.exists():
        raise Missing("the emulators are not installed: make test does it, or python -m infra.local install")
    log = ROOT / ".local" / "ministack-bench.log"
    with tempfile.TemporaryDirectory(prefix="jishi-ministack-") as folder, log.open("wb") as output:
        environment = {
            "PATH": os.environ["PATH"],
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
            "SERVICES": "dynamodb,s3,secretsmanager,sqs",
            "IOT_MTLS_ENABLED": "0",
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(Path(folder) / "s3"),
            "TMPDIR": folder,
        }
        process = subprocess.Popen(
            [_PROGRAM], cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment
        )
        try:
            answers(process, "ministack", f"http://127.0.0.1:{port}/_ministack/health", log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait()
