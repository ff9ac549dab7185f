"""Everything that can go wrong in the engine, each with a sentence for the person who meets it."""


class EngineError(Exception):
    """Base of all engine errors. `str(error)` says in plain words what happened and what to do."""


class ConfigInvalid(EngineError):
    """A memory setting has a value that cannot work; the message names the setting and the value."""


class UnsupportedModel(EngineError):
    """The model is not a decoder of the Llama family, so its attention cannot be given a memory."""


class ModelNotFound(EngineError):
    """No model lies at the given folder, or the hub could not be reached for it."""


class BaseNotAvailable(EngineError):
    """One of our own base models cannot be had: most often there is no connection. The kinds of it below say what else."""


class BaseCorrupt(BaseNotAvailable):
    """What was fetched is not the file that is expected: its SHA-256 differs, or it cannot be read."""


class CacheUnusable(BaseNotAvailable):
    """The folder for models cannot be written: no permission, or a disk that filled up on the way."""


class NotEnoughSpace(CacheUnusable):
    """There is less free space than fetching and converting the model take; known before anything is fetched."""


class MemoryInvalid(EngineError):
    """The files of a trained memory are damaged, incomplete, or were made for another base model."""


class StateCorrupt(EngineError):
    """The bytes of a stored memory state are damaged or are not a memory state at all."""


NO_MEMORY = "The stored memory is damaged or is not a memory at all. Read the document again."


class FingerprintMismatch(EngineError):
    """A stored memory was made by another model or other settings than the ones running now."""


class EmptyQuestion(EngineError):
    """The question holds no words."""


class QuestionTooLong(EngineError):
    """Question and conversation together do not fit the model's native context."""


class EmptyText(EngineError):
    """There is no text to read."""


class DeviceUnavailable(EngineError):
    """The device that was asked for is not on this machine."""
