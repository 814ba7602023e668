"""Selection: which accounts should be key accounts, and what each of them is owed."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
