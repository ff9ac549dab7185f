"""Answers to questions about documents: `text_search` answers those about the text itself, from the stored text."""
