"""Equality with well-known libraries; each file skips when its library is absent."""
