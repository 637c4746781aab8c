"""The local stack: what `make demo` and `make test` start. Not part of the installed package."""
