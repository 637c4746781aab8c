"""The bytes behind a resource, from any storage, and what can be told of them: format, hash, encoding."""
