"""Answers to questions about documents, the pages they rest on, summaries, and the conversations in which they are kept."""
