"""The stand: real servers for tests to work on."""
