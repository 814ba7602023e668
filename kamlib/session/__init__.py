"""What a notebook holds in its hand: one opened report, from which it asks everything."""

from kamlib.session.opening import open_report
from kamlib.session.prepare import Request, build_request, prepare
from kamlib.session.report import Report

__all__ = ["Report", "Request", "build_request", "open_report", "prepare"]
