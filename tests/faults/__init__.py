"""The promises of reliability, each shown by breaking things for real: `make faults`."""
