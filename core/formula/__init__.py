"""Pictures by formula: any number of them, drawn where they are needed, for a network's first lessons. Torch.

A picture is a fractal over dead leaves with a texture; which formulas drew it is its label. No photograph is needed:
https://arxiv.org/abs/2101.08515 (fractals), https://arxiv.org/abs/2106.05963 (dead leaves and noise).
"""

from core.formula.picture import FormulaPictures
from core.formula.pool import FormulaPool

__all__ = ["FormulaPictures", "FormulaPool"]
