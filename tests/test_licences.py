"""Nothing that the app needs is under a licence that would hold for all of it, and docs/licences.md says under which each is."""

from __future__ import annotations

from email.message import Message
from importlib.metadata import version

import pytest

from tests.licences import COPYLEFT, PAGE, licence, needed, page


def test_every_package_has_a_licence_that_leaves_ours_alone() -> None:
    packages = list(needed())
    assert len(packages) > 80
    assert [one for one in packages if not one.licence or COPYLEFT.search(one.licence)] == []
    assert [one for one in packages if version(one.name).partition("+")[0] != one.version] == []


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "python -m tests.licences writes it anew"


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"License-Expression": "MIT OR Apache-2.0", "License": "MIT"}, "MIT OR Apache-2.0"),
        ({"Classifier": "License :: OSI Approved :: MIT License", "License": "see the file"}, "MIT License"),
        ({"License": "BSD | 3-Clause\n\nCopyright ..."}, "BSD 3-Clause"),
        ({"Classifier": "Topic :: Text", "License": "  \n"}, ""),
    ],
)
def test_where_a_licence_is_stated(said: dict[str, str], found: str) -> None:
    message = Message()
    for name, value in said.items():
        message[name] = value
    assert licence(message) == found


@pytest.mark.parametrize(
    "name", ["GPL-3.0-only", "AGPL-3.0", "GNU General Public License v3 (GPLv3)", "GNU Affero General Public License"]
)
def test_what_would_hold_for_the_whole_program_is_found(name: str) -> None:
    assert COPYLEFT.search(name)


@pytest.mark.parametrize(
    "name", ["LGPL-2.1", "GNU Lesser General Public License v3", "MPL-2.0 AND MIT", "BSD-3-Clause"]
)
def test_what_holds_for_a_library_alone_is_not(name: str) -> None:
    assert not COPYLEFT.search(name)
