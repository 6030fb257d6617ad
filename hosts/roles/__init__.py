"""One concern of a host a file: a frozen description in, steps out."""
