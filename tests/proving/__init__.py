"""What `make faults` and `make attack` share: checks of promises, carried out on the running system."""
