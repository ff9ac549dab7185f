"""The page: one module a section, composed in desk.py."""

from __future__ import annotations

from app.pages.desk import build_page, launch_options

__all__ = ["build_page", "launch_options"]
