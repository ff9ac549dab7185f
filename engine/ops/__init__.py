"""The rules by which the compressive matrix is written and read: `naive`, token by token, and `chunk`, a few matrix products."""
