from .opening import open_report
from .prepare import prepare
from .report import Report
from .request import Request, build_request

__all__ = ["Report", "Request", "build_request", "open_report", "prepare"]
