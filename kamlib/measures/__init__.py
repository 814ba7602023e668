"""Order lines to fact tables, for any day; nothing else touches the orders."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
