"""`python -m nightporter`: the same as the command `nightporter`."""

from nightporter.cli.main import app

app(prog_name="nightporter")
