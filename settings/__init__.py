"""What a user writes, typed and checked: application files and a stack file, made one tree."""
