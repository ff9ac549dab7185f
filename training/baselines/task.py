"""The lesson of a model without a memory: the same episodes, with the text and its questions as one sequence."""

import torch
from torch import Tensor

from training.baselines.window import window_mask, window_positions
from training.task import RecallTask


class WindowTask(RecallTask):
    """Reads the documents of an episode and answers its questions in one sequence each, through the recipe's window.

    Same documents, questions, labels and weights as `RecallTask`; there is no filler between the segments, since without a memory
    it would only push the text out of sight. Gradients flow through the window, which the original Transformer-XL cuts off.
    """

    def forward(
        self,
        documents: Tensor,
        questions: Tensor,
        labels: Tensor,
        weights: Tensor,
        places: Tensor,
        plan: list,
        kinds: list,
        progress: float,
        after_rivals: bool = False,
    ) -> dict:
        """As `RecallTask.forward`."""
        asked = {"questions": questions, "labels": labels, "weights": weights}
        documents, asked, kinds, share = self._share(documents, asked, kinds)
        questions, labels, weights = asked.values()
        loss, right = self._answer_loss(self._hidden(documents, questions), labels, weights, share)
        amounts = {"answer_loss": loss.item(), "tokens": documents.numel() + questions.numel()}
        self._count(right, labels[:, 1:], kinds, amounts)
        return {"loss": loss}

    def _hidden(self, documents: Tensor, questions: Tensor) -> Tensor:
        """Hidden states `[B*Q,T,hidden]` of questions `[B*Q,T]` behind their documents `[B,G*S]`."""
        (batch, text), asked = documents.shape, questions.shape[1]
        each, device = len(questions) // batch, documents.device
        mask = window_mask(self.recipe.window, self.model.config.segment_len, text, asked, each, self.model.dtype)
        out = self.model.base.model(
            input_ids=torch.cat([documents, questions.view(batch, -1)], dim=1), attention_mask=mask.to(device),
            position_ids=window_positions(text, asked, each)[None].to(device), use_cache=False,
        )  # fmt: skip
        return out.last_hidden_state[:, text:].reshape(*questions.shape, -1)
