"""`make faults`, `make attack`: run the checks of a suite, print a line per promise, then one line of JSON.

Exit code 1 if a promise is broken.
"""

import argparse
import json
import random
from typing import Any

from proving.carry_out import carry_out, describe
from proving.check import Check, Suite
from proving.ground import Ground


def main(suite: Suite) -> int:
    """Returns the exit code."""
    arguments = parse(suite)
    if arguments.list:
        for check in suite.checks.values():
            print(f"{check.name:<14} {check.promise}\n{'':<14} --break {', '.join(check.breaks)}")
        return 0
    chosen = [suite.checks[name] for name in arguments.only or suite.checks]
    with Ground(suite) as ground:
        results = prove(ground, chosen, arguments) if arguments.prove else keep(ground, chosen, arguments)
    print(json.dumps({"seed": arguments.seed, "short": arguments.short, "break": arguments.broken, "checks": results}))
    return 0 if results and all(result["holds"] is not arguments.prove for result in results) else 1


def keep(ground: Ground, chosen: list[Check], arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Carry out the checks, those of one break alone where one is named."""
    results = []
    for check in chosen:
        if arguments.broken in (None, *check.breaks):
            results.append(carry_out(ground, check, arguments.seed, short=arguments.short, broken=arguments.broken))
            print(describe(check, results[-1]), flush=True)
    return results


def prove(ground: Ground, chosen: list[Check], arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """See every check turn red by a figure with each of its breaks."""
    results = []
    for check in chosen:
        for broken in check.breaks:
            result = carry_out(ground, check, arguments.seed, short=True, broken=broken) | {"break": broken}
            result["holds"] = not result.get("broken")
            results.append(result)
            told = "; ".join(result["broken"]) or result.get("error", "stays green")
            print(f"{'green' if result['holds'] else 'red':<6} {check.name} --break {broken}: {told}", flush=True)
    return results


def parse(suite: Suite) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"python -m {suite.name}", description=__doc__)
    parser.add_argument("--short", action="store_true", help="the version that CI runs")
    parser.add_argument("--only", nargs="+", choices=suite.checks, metavar="NAME", help="these checks alone")
    parser.add_argument("--break", dest="broken", metavar="NAME", help="disable this guard: its checks must turn red")
    parser.add_argument("--prove", action="store_true", help="see each break of each check turn it red")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="of all that is left to chance")
    parser.add_argument("--list", action="store_true", help="the checks and their breaks")
    return parser.parse_args()
