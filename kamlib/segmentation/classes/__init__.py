"""Named classes of accounts by tables of rules, and where the core accounts are."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
