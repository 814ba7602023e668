from .opening import open_report
from .prepare import Request, build_request, prepare
from .report import Report

__all__ = ["Report", "Request", "build_request", "open_report", "prepare"]
