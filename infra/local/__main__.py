"""python -m infra.local run | up | down | reset | install"""

import signal
import sys
import time
from typing import Any, NoReturn

from infra.local import processes, stack
from infra.local.places import Places, from_environment
from infra.local.processes import StackError


def main(command: str) -> None:
    places = from_environment()
    say = stack.progress(time.monotonic())
    commands = {"run": run, "up": up, "down": stack.down, "reset": stack.reset, "install": processes.install_emulators}
    if command not in commands:
        raise SystemExit(__doc__)
    # A stack that is told to end while it starts must clean up like one that is interrupted; and one that a script
    # started in the background, where a shell lets SIGINT be ignored, hears Ctrl-C all the same.
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, _interrupt)
    try:
        commands[command](places, say)
    except StackError as error:
        raise SystemExit(f"jishi: {error}") from None
    except KeyboardInterrupt:
        raise SystemExit("jishi: stopped") from None


def run(places: Places, say: stack.Say) -> None:
    """Bring the stack up and stay until Ctrl-C or until one of its processes ends."""
    up(places, say)
    try:
        print("Ctrl-C stops the shop; its data stays until `make reset`.", flush=True)
        while processes.whole(places):
            time.sleep(0.5)
        print(f"jishi: a process of the stack ended; see the logs in {places.logs}", flush=True)
    except KeyboardInterrupt:
        print()
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must not leave half a stack
        stack.down(places, say)


def up(places: Places, say: stack.Say) -> None:
    known = stack.up(places, say)
    say("the shop answers")
    print(_greeting(places, known), flush=True)


def _greeting(places: Places, known: dict[str, Any]) -> str:
    staff, customer = known["staff"], known["customer"]
    return f"""
  API         {known["api"]}
  search      {known["opensearch"]}
  payments    {known["stripe"]["api"]}
  staff       {staff["email"]}  {staff["password"]}
  customer    {customer["email"]}  {customer["password"]}
  written to  {places.stack_json}

  try         curl '{known["api"]}/search?q=tea'
  then        make demo
"""


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) == 2 else "")
