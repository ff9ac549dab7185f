"""What was measured and how: each module prints one table and needs no part of the app but what it measures."""

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one evaluation, as `evaluation.command` has it; returns the exit code. Torch is imported only here."""
    from evaluation.command import main as command

    return command(arguments)
