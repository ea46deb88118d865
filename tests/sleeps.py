"""A process that answers nothing: `test_variants.py` runs it."""

import time

if __name__ == "__main__":
    time.sleep(3600)
