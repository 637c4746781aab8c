"""Setting the catalogue up and looking after it: `setup`, `doctor`, the state for monitoring."""
