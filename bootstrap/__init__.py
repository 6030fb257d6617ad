"""What is done once for an account, before the first stack: what every stack then finds there."""
