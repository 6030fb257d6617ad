"""What a person does with a stack beside `pulumi`: one file a command, and what they share."""
