"""`python -m sparsec.cli` is `sparsec`."""

import sys

from sparsec.cli import main

sys.exit(main())
