"""Acting as owner `local` on this machine: what the command line, MCP on standard input, and Python share."""
