"""Sales overview: what was sold, where, why it changed, and what of the targets was reached."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
