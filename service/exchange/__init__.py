"""Comments in other systems' formats: reading them in, writing them out."""
