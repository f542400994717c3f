"""The promises of security, each shown by attacking the running system: `make attack`."""
