"""Sources, fetching, the harvester, guards and the archive."""
