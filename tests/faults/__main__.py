"""`make faults`."""

import sys

from faults.checks import SUITE
from proving.program import main

if __name__ == "__main__":
    sys.exit(main(SUITE))
