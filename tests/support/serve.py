"""`python -m tests.support.serve …` is `charnn serve …` with paced training."""

from __future__ import annotations

import sys

from app.cli import main
from tests.support.pacing import pace_training

if __name__ == "__main__":
    pace_training()
    main(["serve", *sys.argv[1:]])
