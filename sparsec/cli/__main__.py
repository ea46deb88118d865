"""`python -m sparsec.cli` is `sparsec`."""

import sys

from sparsec.cli import entry

sys.exit(entry())
