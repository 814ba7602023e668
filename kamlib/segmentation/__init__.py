"""Segmentation: which accounts matter, how sure that is, and how else they may be grouped."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
