"""A throw-away PostgreSQL, a shop to put in it, and the 3 a.m. story. Nothing in the product depends on this package."""
