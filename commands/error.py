"""What is wrong and what to do about it: the only way in which a command says no."""


class CommandError(Exception):
    """Shown to the person as it is, without a traceback."""

    def __init__(self, what: str, todo: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.todo = todo
