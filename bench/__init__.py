"""Measurements, side by side and recorded. Never asserted in a test, never imported by the product."""
