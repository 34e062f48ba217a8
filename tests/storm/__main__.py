"""`python -m tests.storm --seed 1 --runs 200`: play that many seeds, on all cores; the last line is JSON."""

import argparse
import json
import multiprocessing
import sys
import time
import traceback
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent.parent)]


def play(seed: int) -> tuple[int, list[str], int]:
    import conftest  # noqa: F401 - sets the environment of a function

    from tests.storm.run import run

    try:
        outcome = run(seed)
    except Exception:
        return seed, [f"the storm itself broke: {traceback.format_exc()}"], 0
    return seed, outcome.violations, outcome.orders


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.storm", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--runs", type=int, default=200, help="how many seeds")
    parser.add_argument("--trace", action="store_true", help="print what happened in the first seed")
    arguments = parser.parse_args()
    if arguments.trace:
        return explain(arguments.seed)
    seeds = range(arguments.seed, arguments.seed + arguments.runs)
    failed: dict[int, list[str]] = {}
    began, orders = time.monotonic(), 0
    with multiprocessing.Pool() as cores:
        for done, (seed, violations, placed) in enumerate(cores.imap_unordered(play, seeds, 4), 1):
            orders += placed
            if violations:
                failed[seed] = violations
                print(f"seed {seed}: " + "\n  ".join(violations), flush=True)
            if done % 100 == 0:
                print(f"{done} of {len(seeds)} seeds, {orders} orders, {time.monotonic() - began:.0f} s", flush=True)
    print(json.dumps({"runs": len(seeds), "violations": len(failed), "failed_seeds": sorted(failed)}))
    return 1 if failed else 0


def explain(seed: int) -> int:
    import conftest  # noqa: F401 - sets the environment of a function

    from tests.storm.run import run

    outcome = run(seed)
    print("\n".join([*outcome.trace, *outcome.violations]))
    return 1 if outcome.violations else 0


if __name__ == "__main__":
    sys.exit(main())
