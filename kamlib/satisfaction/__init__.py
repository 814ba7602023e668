"""Satisfaction survey: whom to hear, who answered, the index, its target and its items."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
