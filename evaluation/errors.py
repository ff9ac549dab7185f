"""What an evaluation raises when it was given files that it cannot use; the text is a sentence for whoever gave them."""


class EvaluationError(Exception):
    """Base of the errors here."""


class InputInvalid(EvaluationError):
    """A file of questions, stories or texts is missing, too short or of another form."""


class RowsInvalid(EvaluationError):
    """A file with rows of an earlier run cannot be gone on with."""


class PartMissing(EvaluationError):
    """A peer needs a package that is not installed."""
