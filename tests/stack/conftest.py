"""The services of the test stack, for tests of the stack itself."""

from __future__ import annotations

import pytest

from stack import search_server
from stack.settings import Stack, load


@pytest.fixture(scope="session")
def stack() -> Stack:
    """The test stack; its services run (`make test-services`)."""
    found = load(".run-test", free_ports=True)
    if not search_server.answers(found):
        pytest.fail("The test stack does not run. Start it with:  make test-services")
    return found
