"""The hub as a whole under faults needs the agents' page as its sources are now."""

from tests.browser.conftest import built_pages  # noqa: F401 - pytest finds a fixture by its name
