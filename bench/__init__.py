"""What the shop costs, as ratios and counts that mean the same on any machine."""

import sys

from infra.package import ROOT

# The shop in one process, its guests and its staff are the tests'.
sys.path.insert(0, str(ROOT / "tests"))
