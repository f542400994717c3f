"""The command line: every command parses its arguments, calls the same functions as the API, and renders."""
