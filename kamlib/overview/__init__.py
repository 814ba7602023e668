"""The overview: what all chapters found, in the order of the cycle of key account management."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
