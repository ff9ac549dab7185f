"""Training: data made on the fly, recipes, the trainer and its measurements."""
