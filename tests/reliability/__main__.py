"""`python -m tests.reliability [--seed N] [--short] [NAME ...]`: tries to break every promise, and prints one table. Ends with 1 where one
was broken."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.reliability import bounds, crowd, door, files, flips, kills, routes
from tests.reliability.outcome import Attack, table, timed

ATTACKS = (
    Attack("killed at random moments", "all that was said to be kept is there", kills.at_moments, 1, 50),
    Attack("killed before an SQL statement", "all that was said to be kept is there", kills.at_statements, 2, 60),
    Attack("hostile files", "read, or refused by name, within limits", files.opened, 24, 340),
    Attack("single bits flipped on the disk", "the truth, or it is said to be damaged", flips.flipped, 20, 1500),
    Attack("no room on the disk", "a named error, nothing half done", bounds.full, 4, 40),
    Attack("held by another program", "a named error, nothing half done", bounds.locked, 2, 20),
    Attack("streams at once", "all answered, the left ones stopped", crowd.streams, 60, 200),
    Attack("people at once, beside readings", "all answered, each book read once", crowd.users, 8, 20),
    Attack("two programs, one library", "each book read once", crowd.programs, 2, 6),
    Attack("foreign names and pages", "nobody is let in", door.knocks, 150, 3000),
    Attack("requests that the schema has or forbids", "answered as the schema says", routes.asked, 5, 200),
    Attack("a foreign page in Chromium", "nobody is let in", door.in_chromium, 0, 1),
)


def main(arguments: list[str] | None = None) -> int:
    """Run the attacks that were named, or all."""
    parser = argparse.ArgumentParser(prog="python -m tests.reliability", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="attacks whose names hold one of these words")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--short", action="store_true", help="as few tries as in the test suite")
    given = parser.parse_args(arguments)
    done = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for number, attack in enumerate(ATTACKS):
            tries = attack.short if given.short else attack.long
            if tries and (not given.names or any(name in attack.name for name in given.names)):
                print(f"{attack.name} ...", file=sys.stderr, flush=True)
                done.append(timed(attack, tries, given.seed, Path(folder) / str(number)))
    print("\n".join(table(done)))
    return int(any(outcome.broken for _, outcome, _ in done))


if __name__ == "__main__":
    sys.exit(main())
