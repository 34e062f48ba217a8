"""The emulators as processes: started apart from the terminal, found again, and ended by their own ids only."""

import contextlib
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from infra.local.places import Places

_SERVICES = (
    "apigateway,cloudformation,cognito-idp,dynamodb,events,iam,lambda,logs,monitoring,s3,secretsmanager,sns,sqs,sts"
)
Say = Callable[[str], None]
# Those that this very process started; another one may stop them.
_children: dict[int, subprocess.Popen[bytes]] = {}


class StackError(Exception):
    """The local stack can not start or stop; the message is one line and says what to do."""


def install_emulators(places: Places, say: Say) -> None:
    """Create the emulators' virtual environment, unless it holds what infra/local/requirements.txt asks for."""
    wanted = Path(__file__).with_name("requirements.txt")
    mark = places.emulators / "installed"
    version = hashlib.sha256(wanted.read_bytes()).hexdigest()
    if mark.exists() and mark.read_text() == version:
        return
    say("installing the emulators (once)")
    shutil.rmtree(places.emulators, ignore_errors=True)
    venv = subprocess.run([sys.executable, "-m", "venv", places.emulators], capture_output=True, text=True)
    if venv.returncode:
        raise StackError("python3 can not create virtual environments here; on Debian: apt install python3-venv")
    pip: list[str | Path] = [
        places.emulators / "bin" / "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--requirement",
        wanted,
    ]
    if subprocess.run(pip, stderr=subprocess.DEVNULL).returncode:
        shutil.rmtree(places.emulators, ignore_errors=True)
        raise StackError("pip could not install the emulators; check the network (or PIP_INDEX_URL) and try again")
    mark.write_text(version)


def start(places: Places, say: Say) -> None:
    """Start the emulators and wait until they answer. End what an interrupted start left behind first."""
    if left := running(places):
        say(f"ending what an earlier start left running (processes {', '.join(map(str, left.values()))})")
        stop(places)
    ports = {"PORT": places.aws_port, "SEARCH_PORT": places.search_port, "STRIPE_PORT": places.stripe_port}
    if places.stripe_key:
        del ports["STRIPE_PORT"]
    for variable, port in ports.items():
        if _in_use(port):
            raise StackError(
                f"port {port} is in use by another program; end it or choose another: make run {variable}={port + 1}"
            )
    shutil.rmtree(places.scratch, ignore_errors=True)
    for folder in (places.state, places.files, places.scratch):
        folder.mkdir(parents=True, exist_ok=True)
    _forget_stream_positions(places)
    _spawn(places, "osmem", [_osmem(places), "-addr", f"127.0.0.1:{places.search_port}", "-no-stdin-watch"], {})
    if not places.stripe_key:
        localstripe = _program(places, "run_localstripe.py", str(places.stripe_port), places.payments)
        _spawn(places, "localstripe", localstripe, {})
    _spawn(places, "ministack", _program(places, "run_ministack.py"), _ministack_environment(places))
    _await(places, "osmem", f"{places.search_url}/")
    if not places.stripe_key:
        _await(places, "localstripe", f"{places.stripe_url}/js.stripe.com/v3/")
    _await(places, "ministack", f"{places.aws_url}/_ministack/health")


def stop(places: Places) -> None:
    """Ask the stack's processes to end, ministack first since it saves its data, and see that they do."""
    pids = running(places)
    for name in ("ministack", "localstripe", "osmem"):
        if name in pids:
            _end(pids[name])
    places.processes.unlink(missing_ok=True)
    shutil.rmtree(places.scratch, ignore_errors=True)


def running(places: Places) -> dict[str, int]:
    """The processes of this stack that are alive, by name."""
    return {name: pid for name, (pid, born) in _started(places).items() if _born(pid) == born}


def whole(places: Places) -> bool:
    """Whether all processes that the last start began are alive."""
    return bool(alive := running(places)) and alive.keys() == _started(places).keys()


def _started(places: Places) -> dict[str, list[int]]:
    known: dict[str, list[int]] = json.loads(places.processes.read_text()) if places.processes.exists() else {}
    return known


def _ministack_environment(places: Places) -> dict[str, str]:
    return {
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(places.aws_port),
        "AUTH": "true",
        "SERVICES": _SERVICES,
        "IOT_MTLS_ENABLED": "0",
        "PERSIST_STATE": "1",
        "STATE_DIR": str(places.state),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(places.files),
        "TMPDIR": str(places.scratch),
    }


def _program(places: Places, file: str, *arguments: str | Path) -> list[str | Path]:
    """A file beside this one, run by the emulators' Python, which then imports neither from here nor from ours."""
    return [places.emulators / "bin" / "python", "-I", Path(__file__).with_name(file), *arguments]


def _osmem(places: Places) -> Path:
    found = sorted(places.emulators.glob("lib/python3.*/site-packages/osmem_server/bin/osmem-server"))
    if not found:
        raise StackError("the search emulator has no build for this machine; see docs/operations.md")
    return found[0]


def _forget_stream_positions(places: Places) -> None:
    """Stream records do not outlive ministack; a position among records that are gone would never be reached again."""
    saved = places.state / "lambda.json"
    if not saved.exists():
        return
    state = json.loads(saved.read_text())
    try:
        state["payload"]["dynamodb_stream_positions"]["data"].clear()
    except (KeyError, AttributeError):
        raise StackError("ministack keeps its data in a new form; `make reset` forgets the old data") from None
    saved.write_text(json.dumps(state))


def _spawn(places: Places, name: str, command: list[Path | str], environment: dict[str, str]) -> None:
    with (places.logs / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=places.scratch,
            env={**_bare_environment(), **environment},
            start_new_session=True,
        )
    known = _started(places)
    _children[process.pid] = process
    known[name] = [process.pid, _born(process.pid) or 0]
    places.processes.write_text(json.dumps(known))


def _bare_environment() -> dict[str, str]:
    """Nothing of the developer's shell reaches the functions, as nothing of it will on AWS."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}


def _await(places: Places, name: str, url: str, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if name not in running(places):
            break
        with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            urllib.request.urlopen(url, timeout=2).close()
            return
        time.sleep(0.05)
    raise StackError(f"{name} does not answer; its last words are in {places.logs / name}.log")


def _in_use(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def _born(pid: int) -> int | None:
    """When a process started, in clock ticks since boot (proc(5), field 22): a number that is given out again to
    another process has another birth. None if there is no such process, or only its remains."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else int(fields[19])


def _end(pid: int, patience: float = 30) -> None:
    born = _born(pid)
    for sign, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, 5.0)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, sign)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if _born(pid) != born:
                if child := _children.pop(pid, None):
                    child.wait()
                return
            time.sleep(0.05)
