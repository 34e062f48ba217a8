"""OpenSearch itself, for tests and benches. Maven downloads it once; .local/opensearch says where its jars are.

Apache-2.0. It needs a JDK, 17 or newer, and listens on 127.0.0.1 only.
"""

import fcntl
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.server import Missing, answers, need
from infra.package import ROOT

_SOURCES = Path(__file__).with_name("engine")
_HOME = ROOT / ".local" / "opensearch"


def install(say: Callable[[str], None]) -> str:
    """The class path of OpenSearch. Raises Missing."""
    need(java="no Java", javac="no JDK, which binds OpenSearch to 127.0.0.1", mvn="no Maven")
    _HOME.mkdir(parents=True, exist_ok=True)
    with (_HOME / "lock").open("w") as lock:  # parallel tests ask for it at once
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _installed() or _download(say)


def _installed() -> str | None:
    pom, jars = _HOME / "pom.xml", _HOME / "classpath"
    if not jars.exists() or pom.read_text() != (_SOURCES / "pom.xml").read_text():
        return None
    path = jars.read_text()
    return path if all(Path(jar).exists() for jar in path.split(":")) else None


def _download(say: Callable[[str], None]) -> str:
    say("downloading OpenSearch with Maven (once)")
    (_HOME / "classpath").unlink(missing_ok=True)
    (_HOME / "pom.xml").write_text((_SOURCES / "pom.xml").read_text())
    command = ["mvn", "--batch-mode", "--file", "pom.xml", "dependency:build-classpath", "-Dmdep.outputFile=classpath"]
    log = _HOME / "maven.log"
    with log.open("wb") as output:
        if subprocess.run(command, cwd=_HOME, stdin=subprocess.DEVNULL, stdout=output, stderr=output).returncode:
            raise Missing(f"Maven could not download OpenSearch; see {log.relative_to(ROOT)}")
    return (_HOME / "classpath").read_text()


@contextmanager
def running(port: int, say: Callable[[str], None]) -> Iterator[str]:
    """OpenSearch with nothing in it on 127.0.0.1; yields its address. Raises Missing."""
    path = install(say)
    log = _HOME / f"log-{port}"
    with tempfile.TemporaryDirectory(prefix="jishi-opensearch-") as data, log.open("wb") as output:
        command = ["java", "-Xms1g", "-Xmx1g", "-cp", path, str(_SOURCES / "Engine.java")]
        # The first node answers on the port after the base.
        command += ["-basePath", data, "-numOfNode", "1", "-baseHttpPort", str(port - 1)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=output, stderr=output)
        try:
            answers(process, "OpenSearch", f"http://127.0.0.1:{port}", log)
            yield f"http://127.0.0.1:{port}"
            log.unlink()
        finally:
            process.terminate()
            process.communicate()
