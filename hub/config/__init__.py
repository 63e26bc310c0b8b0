"""One typed model of the whole configuration, and the loader that reports every error with its place."""
