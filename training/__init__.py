"""What makes a memory for a base model: data, the retention scorer, pointing heads, confidence, and low-rank updates."""
