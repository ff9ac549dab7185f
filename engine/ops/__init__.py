"""The memory rules: each twice, `naive` (token by token, the truth) and `fast`, behind one signature.

Letters: B batch, T tokens, H query heads, N memory heads, K key width after the feature map, V value width.
`read(q [B,H,T,K], state) -> out [B,H,T,V]` comes before `write(k [B,N,T,K], v [B,N,T,V], w [B,N,T], state) -> state`.
"""

from engine.ops.layer_state import NORMALISED, RULES, LayerState, empty_layer

__all__ = ["NORMALISED", "RULES", "LayerState", "empty_layer"]
