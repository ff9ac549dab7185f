"""Pure functions from the library's values to HTML: no Gradio, no files, everything escaped here and nowhere else."""
