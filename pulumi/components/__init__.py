"""One capability an operator would name, per file."""
