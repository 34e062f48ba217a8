"""Starting where something is in the way: one clear line, and nothing left running."""

import os
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from machine import ROOT, free_port

from infra.local import processes, stack
from infra.local.client import Api, wait_for
from infra.local.places import Places
from infra.local.processes import StackError


@pytest.fixture
def elsewhere(tmp_path: Path) -> Places:
    return Places(tmp_path / "home", free_port(), free_port(), free_port())


@pytest.mark.parametrize("which", ["aws_port", "search_port", "stripe_port"])
def test_a_port_that_is_taken_is_named(elsewhere: Places, which: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", getattr(elsewhere, which)))
        other.listen()
        with pytest.raises(
            StackError, match=f"port {getattr(elsewhere, which)} is in use .* make run (SEARCH_|STRIPE_)?PORT="
        ):
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
    assert len(seen) == 3
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
    assert len(now) == 3
    assert now["ministack"] != left["ministack"]
    processes.stop(elsewhere)
    assert processes.running(elsewhere) == {}


def test_marks_of_data_that_was_never_saved_are_dropped(elsewhere: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stack that is killed in its first run leaves logins and `seeded` behind, and no tables."""
    marks = (elsewhere.seeded, elsewhere.staff_login, elsewhere.customer_login)
    marks[0].parent.mkdir(parents=True)
    for mark in marks:
        mark.write_text("{}")

    def look(*_: object) -> None:
        assert not any(mark.exists() for mark in marks)
        raise StackError("seen")

    monkeypatch.setattr(stack, "deploy", look)
    with pytest.raises(StackError, match="seen"):
        stack.up(elsewhere, print)


def test_a_key_to_real_money_is_refused(elsewhere: Places) -> None:
    with pytest.raises(StackError, match="STRIPE_API_KEY is no test key"):
        stack.up(replace(elsewhere, stripe_key="sk_live_1", stripe_webhook_secret="whsec_1"), print)
    assert processes.running(elsewhere) == {}


def test_a_key_without_its_webhook_secret_is_refused(elsewhere: Places) -> None:
    with pytest.raises(StackError, match="STRIPE_WEBHOOK_SECRET is not set"):
        stack.up(replace(elsewhere, stripe_key="sk_test_1"), print)


def test_with_a_test_key_the_stack_talks_to_stripe_itself(elsewhere: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    places = replace(elsewhere, stripe_key="sk_test_1", stripe_webhook_secret="whsec_1")
    told: dict[str, str] = {}

    def look(_: str, parameters: dict[str, str], *__: object) -> dict[str, str]:
        told.update(parameters)
        assert set(processes.running(places)) == {"ministack", "osmem"}
        assert processes.whole(places)
        return {"StripeSecretId": "arn"}

    def take(*given: str) -> None:
        assert given == ("arn", "sk_test_1", "whsec_1")
        raise StackError("seen")

    monkeypatch.setattr(stack, "deploy", look)
    monkeypatch.setattr(stack, "put_keys", take)
    with pytest.raises(StackError, match="seen"):
        stack.up(places, print)
    assert told["StripeApiBase"] == ""
    assert "sk_test_1" not in repr(told)
    assert "sk_test_1" not in repr(places)


def test_payments_outlive_a_stop_in_the_stacks_own_folder(elsewhere: Places) -> None:
    processes.install_emulators(elsewhere, print)
    elsewhere.logs.mkdir(parents=True)
    processes.start(elsewhere, print)
    stripe = Api(elsewhere.stripe_url, Authorization="Bearer sk_test_1")
    intent = stripe.post("/v1/payment_intents", {"amount": 100, "currency": "eur", "payment_method_types": ["card"]})
    processes.stop(elsewhere)
    assert elsewhere.payments.exists()
    processes.start(elsewhere, print)
    assert stripe.get(f"/v1/payment_intents/{intent['id']}")["amount"] == 100
    processes.stop(elsewhere)


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
    environment = {name: value for name, value in os.environ.items() if not name.startswith("STRIPE_")} | {
        "JISHI_HOME": str(elsewhere.home),
        "PORT": str(elsewhere.aws_port),
        "SEARCH_PORT": str(elsewhere.search_port),
        "STRIPE_PORT": str(elsewhere.stripe_port),
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
    assert len(pids) == 3, "".join(lines)
    run.send_signal(signal.SIGINT)
    rest = run.communicate(timeout=240)[0]
    assert run.returncode == 0, rest
    assert not any(processes._born(pid) for pid in pids.values())
    assert any("make demo" in line for line in lines)


def test_a_second_start_is_no_start(places: Places, running: dict[str, object]) -> None:
    pids = processes.running(places)
    said: list[str] = []
    assert stack.up(places, said.append) == running
    assert processes.running(places) == pids
    assert said == ["the shop is running already"]
