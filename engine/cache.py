"""The restored memory of a document as a Hugging Face cache, so that `model.generate` answers from it."""

from transformers import DynamicCache, PretrainedConfig

from engine.passes import Recall
from engine.state import MemoryState


class InfiniCache(DynamicCache):
    """Keys and values of the conversation, as usual, beside a document's memory that is only read.

    `generate` changes the conversation part; the memory state is shared and never changed, so several caches may
    hold the same one.
    """

    def __init__(self, state: MemoryState, config: PretrainedConfig | None = None):
        super().__init__(config=config)
        self.memory = Recall(state)
