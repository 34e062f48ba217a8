"""Jobs: one run at a time, going on where one stopped, and a record of what was done."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from inprocess import Shop
from refusals import refusal

from chalicelib.core import clock, dynamo, jobs
from chalicelib.core.jobs import LeaseLost, Run


class Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.time = clock.now()
        monkeypatch.setattr(clock, "now", lambda: self.time)

    def pass_by(self, **time: float) -> None:
        self.time += timedelta(**time)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def rest(run: Run) -> None:
    """A run that finds nothing to do."""


def fail(run: Run) -> None:
    raise ValueError("lin@example.com can not be read")


def records(name: str) -> list[jobs.RunRecord]:
    return jobs.runs(name, 100, None)[0]


def test_a_job_runs_once_at_a_time(shop: Shop) -> None:
    inside: list[Any] = []
    outside = jobs.run("sweep", lambda _: inside.append(jobs.run("sweep", fail, 60)), 60)
    assert (outside, inside) == ({"outcome": "done"}, [{"outcome": "running_elsewhere"}])


def test_jobs_of_other_names_do_not_wait(shop: Shop) -> None:
    inside: list[Any] = []
    jobs.run("sweep", lambda _: inside.append(jobs.run("other", rest, 60)), 60)
    assert inside == [{"outcome": "done"}]


def test_a_run_without_time_left_has_not_failed_and_is_gone_on_with(shop: Shop) -> None:
    def pause(run: Run) -> None:
        run.count(items=3)
        run.reached("3")
        raise jobs.Paused

    resumed: list[str | None] = []
    assert jobs.run("sweep", pause, 60) == {"outcome": "paused", "items": 3}
    assert jobs.run("sweep", lambda run: resumed.append(run.resume), 60) == {"outcome": "done"}
    assert resumed == ["3"]
    (record,) = records("sweep")
    assert (record.outcome, record.stopped, record.error) == ("paused", "3", None)


def test_a_run_that_died_is_followed_when_its_lease_is_over(shop: Shop, time: Clock) -> None:
    def die(run: Run) -> None:
        run.reached("7")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        jobs.run("sweep", die, 60)
    time.pass_by(seconds=60)
    assert jobs.run("sweep", rest, 60) == {"outcome": "running_elsewhere"}
    time.pass_by(seconds=1)
    seen: list[str | None] = []
    jobs.run("sweep", lambda run: seen.append(run.resume), 60)
    assert seen == ["7"]


def test_a_run_that_failed_is_told_of_and_gone_on_with(shop: Shop, time: Clock) -> None:
    def stumble(run: Run) -> None:
        run.count(sent=2)
        run.reached("b")
        fail(run)

    with pytest.raises(ValueError, match="can not be read"):
        jobs.run("sweep", stumble, 60)
    (record,) = records("sweep")
    assert (record.outcome, record.counts, record.stopped) == ("failed", {"sent": 2}, "b")
    assert record.error == "ValueError: (address) can not be read"
    (lease,) = jobs.known()
    assert (lease.name, lease.last_outcome, lease.resume, lease.holder) == ("sweep", "failed", "b", None)
    seen: list[str | None] = []
    time.pass_by(seconds=1)
    jobs.run("sweep", lambda run: (seen.append(run.resume), run.count(sent=1)), 60)
    jobs.run("sweep", lambda run: seen.append(run.resume), 60)
    assert seen == ["b", None]
    assert [(r.outcome, r.resumed) for r in records("sweep")] == [("done", "b"), ("failed", None)]
    assert jobs.known()[0].resume is None


def test_what_is_reached_keeps_the_lease(shop: Shop, time: Clock) -> None:
    tries: list[Any] = []

    def long_work(run: Run) -> None:
        for step in "abc":
            time.pass_by(seconds=50)
            run.reached(step)
            tries.append(jobs.run("sweep", fail, 60))

    jobs.run("sweep", long_work, 60)
    assert tries == [{"outcome": "running_elsewhere"}] * 3


def test_a_run_that_was_too_slow_stops_and_leaves_the_other_alone(shop: Shop, time: Clock) -> None:
    def slow(run: Run) -> None:
        time.pass_by(seconds=61)

        def other(faster: Run) -> None:
            faster.reached("z")
            with pytest.raises(LeaseLost):
                run.reached("a")
            raise RuntimeError

        with pytest.raises(RuntimeError):
            jobs.run("sweep", other, 60)
        run.reached("a")

    with pytest.raises(LeaseLost):
        jobs.run("sweep", slow, 60)
    (lease,) = jobs.known()
    assert (lease.resume, lease.last_outcome) == ("z", "failed")


def test_a_lease_whose_answer_got_lost_is_the_runs_own(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    send, taken = dynamo._connection.dispatch, list[Any]()

    def dispatch(operation: str, request: Any) -> Any:
        answer = send(operation, request)
        if operation == "UpdateItem" and not taken:
            taken.append(answer)
            answer = send(operation, request)  # as the SDK does by itself
        return answer

    monkeypatch.setattr(dynamo._connection, "dispatch", dispatch)
    assert jobs.run("sweep", lambda run: run.count(sent=1), 60) == {"outcome": "done", "sent": 1}
    assert jobs.run("sweep", rest, 60) == {"outcome": "done"}


def test_an_idle_run_costs_two_writes_and_leaves_no_record(shop: Shop, weather: Callable[..., list[str]]) -> None:
    jobs.run("sweep", rest, 60)
    calls = weather("none", [])
    jobs.run("sweep", lambda run: run.count(expired=0), 60)
    assert calls == ["UpdateItem", "UpdateItem"]
    assert records("sweep") == []


def test_records_are_read_in_pages_over_months(shop: Shop, time: Clock) -> None:
    for _ in range(5):
        jobs.run("sweep", lambda run: run.count(done=1), 60)
        time.pass_by(days=16)
    seen, after = [], None
    while True:
        page, after = jobs.runs("sweep", 2, after)
        seen += [record.started for record in page]
        if after is None:
            break
    assert len(seen) == 5
    assert seen == sorted(seen, reverse=True)


def test_staff_see_jobs_and_their_runs(shop: Shop, time: Clock) -> None:
    assert shop.staff.get("/admin/jobs")["data"] == []
    jobs.run("sweep", lambda run: run.count(expired=3), 60)
    time.pass_by(minutes=1)
    with pytest.raises(ValueError, match="read"):
        jobs.run("sweep", fail, 60)
    (job,) = shop.staff.get("/admin/jobs")["data"]
    assert (job["name"], job["running"], job["last_outcome"]) == ("sweep", False, "failed")
    first = shop.staff.get("/admin/jobs/sweep/runs?limit=1")
    second = shop.staff.get(f"/admin/jobs/sweep/runs?limit=1&cursor={first['next_cursor']}")
    assert [run["outcome"] for run in first["data"] + second["data"]] == ["failed", "done"]
    assert second["data"][0]["counts"] == {"expired": 3}
    assert second["next_cursor"] is None
    assert shop.staff.get("/admin/jobs/other/runs")["data"] == []
    assert refusal(shop.staff.get, "/admin/jobs/a%23b/runs")["pointer"] == "/path/name"
