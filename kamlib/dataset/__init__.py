"""Sources to mapped, typed and checked tables; the only reader of a company's inputs."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
