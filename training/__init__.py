"""What makes a memory for a base model: data, the retention scorer, pointing heads, confidence, and answering updates."""
