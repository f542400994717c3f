"""`python -m support.parser_owner DATA_DIR PARSERS`: a process with a pool, for tests that kill it.

It parses the texts given on standard input, one to a line, and prints how many came back.
"""

import sys
from pathlib import Path

from kotadb.parsers.pool import ParseRequest, ParserPool
from kotadb.settings import Settings


def main() -> None:
    folder = Path(sys.argv[1])
    settings = Settings(data_dir=folder, temp_dir=folder, max_parsers=int(sys.argv[2]), max_parse_seconds=60)
    texts = sys.stdin.buffer.read().splitlines()
    with ParserPool(settings, "support.poison:work") as pool:
        outcomes = list(pool.run(ParseRequest(key, "any", text) for key, text in enumerate(texts)))
    sys.stdout.write(f"{len(outcomes)}\n")


if __name__ == "__main__":
    main()
