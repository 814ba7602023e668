"""Who is about to leave: flags by rules, a model, and how well both did on the past."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
