"""`python -m faults`: run the checks, print a line per promise, then one line of JSON. Exit code 1 if one is broken."""

import argparse
import json
import random
import sys

from faults.carry_out import carry_out, describe
from faults.checks import CHECKS
from faults.ground import Ground


def main() -> int:
    arguments = parse()
    if arguments.list:
        for check in CHECKS.values():
            print(f"{check.name:<14} {check.promise}\n{'':<14} --break {', '.join(check.breaks)}")
        return 0
    results = []
    with Ground() as ground:
        for check in CHECKS.values():
            if arguments.broken in (None, *check.breaks) and check.name in (arguments.only or CHECKS):
                results.append(carry_out(ground, check, arguments.seed, short=arguments.short, broken=arguments.broken))
                print(describe(check, results[-1]), flush=True)
    print(json.dumps({"seed": arguments.seed, "short": arguments.short, "break": arguments.broken, "checks": results}))
    return 0 if results and all(result["holds"] for result in results) else 1


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--short", action="store_true", help="the version that CI runs")
    parser.add_argument("--only", nargs="+", choices=CHECKS, metavar="NAME", help="these checks alone")
    parser.add_argument("--break", dest="broken", metavar="NAME", help="disable this guard: its checks must turn red")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="of all that is left to chance")
    parser.add_argument("--list", action="store_true", help="the checks and their breaks")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
