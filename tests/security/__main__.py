"""`make attack`."""

import sys

from proving.program import main
from security.checks import SUITE

if __name__ == "__main__":
    sys.exit(main(SUITE))
