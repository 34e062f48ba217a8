"""Where the local stack keeps its things, and on which ports it answers."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from infra.package import ROOT


@dataclass(frozen=True)
class Places:
    """One local stack. Tests have one of their own beside the developer's.

    With a `stripe_key` the stack talks to Stripe itself, and localstripe is not started.
    """

    home: Path
    aws_port: int
    search_port: int
    stripe_port: int
    stripe_key: str = field(default="", repr=False)
    stripe_webhook_secret: str = field(default="", repr=False)

    @property
    def emulators(self) -> Path:
        """The emulators' virtual environment, shared by all stacks."""
        return ROOT / ".local" / "emulators"

    @property
    def package(self) -> Path:
        """The packaged shop, shared by all stacks."""
        return ROOT / ".local" / "package"

    @property
    def state(self) -> Path:
        return self.home / "data" / "state"

    @property
    def files(self) -> Path:
        return self.home / "data" / "s3"

    @property
    def payments(self) -> Path:
        """What localstripe knows of payments."""
        return self.home / "data" / "localstripe.pickle"

    @property
    def staff_login(self) -> Path:
        return self.home / "data" / "staff.json"

    @property
    def customer_login(self) -> Path:
        return self.home / "data" / "customer.json"

    @property
    def seeded(self) -> Path:
        """Exists once the demo catalogue is in the shop."""
        return self.home / "data" / "seeded"

    @property
    def stopped(self) -> Path:
        """Holds the time at which the stack was last known to run."""
        return self.home / "data" / "stopped_at"

    @property
    def processes(self) -> Path:
        return self.home / "run" / "processes.json"

    @property
    def logs(self) -> Path:
        return self.home / "run"

    @property
    def scratch(self) -> Path:
        """TMPDIR of the functions' workers, which never clean up."""
        return self.home / "run" / "tmp"

    @property
    def stack_json(self) -> Path:
        """Addresses and logins for outside clients."""
        return self.home / "stack.json"

    @property
    def aws_url(self) -> str:
        return f"http://127.0.0.1:{self.aws_port}"

    @property
    def search_url(self) -> str:
        return f"http://127.0.0.1:{self.search_port}"

    @property
    def stripe_url(self) -> str:
        return f"http://127.0.0.1:{self.stripe_port}"


def from_environment() -> Places:
    """The developer's stack: `.local`, on the ports PORT (4566), SEARCH_PORT (9200) and STRIPE_PORT (8420)."""
    home = Path(os.environ.get("JISHI_HOME", ROOT / ".local")).resolve()
    return Places(
        home,
        _port("PORT", 4566),
        _port("SEARCH_PORT", 9200),
        _port("STRIPE_PORT", 8420),
        stripe_key=os.environ.get("STRIPE_API_KEY", ""),
        stripe_webhook_secret=os.environ.get("STRIPE_WEBHOOK_SECRET", ""),
    )


def _port(variable: str, default: int) -> int:
    given = os.environ.get(variable, str(default))
    if not given.isdigit() or not 0 < int(given) < 65536:
        raise SystemExit(f"jishi: {variable}={given} is no port; take a number from 1024 to 65535")
    return int(given)
