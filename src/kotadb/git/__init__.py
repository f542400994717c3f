"""Everything that runs git: what a caller may name, a hardened fetch, and the objects read back from it."""
