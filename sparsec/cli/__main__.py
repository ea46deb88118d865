"""`python -m sparsec.cli` is `sparsec`."""

import sys

from sparsec.cli import run

sys.exit(run())
