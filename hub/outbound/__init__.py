"""Events written back to backends by rules: in order, once, however long a backend was away."""
