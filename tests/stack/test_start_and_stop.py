"""Starting where something is in the way: one clear line, and nothing left running."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from machine import ROOT, free_port

from infra.local import processes, stack
from infra.local.client import wait_for
from infra.local.places import Places
from infra.local.processes import StackError


@pytest.fixture
def elsewhere(tmp_path: Path) -> Places:
    return Places(tmp_path / "home", free_port(), free_port())


@pytest.mark.parametrize("which", ["aws_port", "search_port"])
def test_a_port_that_is_taken_is_named(elsewhere: Places, which: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", getattr(elsewhere, which)))
        other.listen()
        with pytest.raises(StackError, match=f"port {getattr(elsewhere, which)} is in use .* make run S?E?A?"):
            stack.up(elsewhere, print)
    assert processes.running(elsewhere) == {}


def test_a_start_that_fails_leaves_nothing_running(elsewhere: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    def broken(*_: object) -> None:
        seen.extend(processes.running(elsewhere).values())
        raise StackError("no template")

    monkeypatch.setattr(stack, "deploy", broken)
    with pytest.raises(StackError, match="no template"):
        stack.up(elsewhere, print)
    assert len(seen) == 2
    assert not any(Path(f"/proc/{pid}").exists() and processes._born(pid) for pid in seen)
    assert not elsewhere.stack_json.exists()


def test_half_a_stack_is_cleared_away(elsewhere: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    """A start that was killed left one of its processes."""
    processes.install_emulators(elsewhere, print)
    elsewhere.logs.mkdir(parents=True)
    processes.start(elsewhere, print)
    left = processes.running(elsewhere)
    os.kill(left["osmem"], signal.SIGKILL)
    wait_for("its end", lambda: "osmem" not in processes.running(elsewhere), 10)
    said: list[str] = []
    processes.start(elsewhere, said.append)
    assert str(left["ministack"]) in said[0]
    now = processes.running(elsewhere)
    assert len(now) == 2
    assert now["ministack"] != left["ministack"]
    processes.stop(elsewhere)
    assert processes.running(elsewhere) == {}


def test_a_foreign_process_with_a_known_number_is_left_alone(elsewhere: Places) -> None:
    elsewhere.logs.mkdir(parents=True)
    elsewhere.processes.write_text(f'{{"ministack": [{os.getpid()}, 1]}}')
    assert processes.running(elsewhere) == {}
    processes.stop(elsewhere)


def test_two_starts_at_once(elsewhere: Places) -> None:
    with stack._alone(elsewhere), pytest.raises(StackError, match="under way"):
        stack.up(elsewhere, print)


def test_pip_without_a_network_is_one_line(elsewhere: Places, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fresh = tmp_path / "emulators"
    monkeypatch.setattr(Places, "emulators", property(lambda self: fresh))
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    with pytest.raises(StackError, match="check the network"):
        stack.up(elsewhere, print)
    assert not fresh.exists()
    assert processes.running(elsewhere) == {}


def test_make_run_stops_everything_on_ctrl_c(elsewhere: Places) -> None:
    environment = os.environ | {
        "JISHI_HOME": str(elsewhere.home),
        "PORT": str(elsewhere.aws_port),
        "SEARCH_PORT": str(elsewhere.search_port),
    }
    command = [sys.executable, "-m", "infra.local", "run"]
    run = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    assert run.stdout is not None
    lines = []
    for line in run.stdout:
        lines.append(line)
        if "Ctrl-C" in line:
            break
    pids = processes.running(elsewhere)
    assert len(pids) == 2, "".join(lines)
    run.send_signal(signal.SIGINT)
    rest = run.stdout.read()
    run.stdout.close()
    assert run.wait(60) == 0, rest
    assert not any(processes._born(pid) for pid in pids.values())
    assert any("make demo" in line for line in lines)


def test_a_second_start_is_no_start(places: Places, running: dict[str, object]) -> None:
    pids = processes.running(places)
    said: list[str] = []
    assert stack.up(places, said.append) == running
    assert processes.running(places) == pids
    assert said == ["the shop is running already"]
