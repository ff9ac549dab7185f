"""Measuring what a memory recalls: every figure in docs/results.md comes from here."""
