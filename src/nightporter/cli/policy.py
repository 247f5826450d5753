"""`nightporter policy`: whether policies are valid, what they are, and whether they decide as they should. Asks no gateway."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nightporter.core.error import NightporterError, PolicyError, PolicyErrors, StoreError

from .options import CONFIG, ConfigOption, JsonOption, examples, load_config, store_of
from .render import complain, counted, line, show, show_table, to_json

if TYPE_CHECKING:
    from nightporter.config import Config, Policies
    from nightporter.policy.ruleset import Known, Ruleset, Suspicion
    from nightporter.policy.table import Result, Table
    from nightporter.statement.model import Reading

    from .analyse import Sight

app = typer.Typer(
    help="Policies: the files that say what is permitted.", epilog=examples("nightporter policy check", "nightporter policy test")
)

FAILED = 1
POLICIES, TABLES = "*.cedar", "*.test.yaml"
MAX_BYTES = 1024 * 1024
"""Of one file."""


# check


@app.command(epilog=examples("nightporter policy check", "nightporter policy check policies/agents.cedar"))
def check(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PATH...", help="Files or folders of policies; else those of the configuration, packs included."),
    ] = None,
    config: ConfigOption = CONFIG,
) -> None:
    """Say what is wrong with policies, and what is valid and most likely a mistake. Changes nothing."""
    ruleset, warnings = _given(paths) if paths else _configured(config)
    for each in warnings:
        complain("warning", str(each))
    counts = [_count(len(ruleset.policies), "policy"), f"in {counted(len(ruleset.files), 'file')}"]
    counts += [f"with {counted(len(warnings), 'warning')}"] if warnings else []
    show(f"ok: {' '.join(counts)}" + ("" if paths else f", hash {ruleset.hash}"))


def _given(paths: Iterable[Path]) -> tuple[Ruleset, list[Suspicion]]:
    from nightporter.policy.ruleset import load

    ruleset = load({str(file): _text(file) for file in _files(paths, POLICIES)})
    return ruleset, [*ruleset.warnings]


def _configured(path: Path) -> tuple[Ruleset, list[Suspicion]]:
    from nightporter.gateway import policies

    config = load_config(path)
    ruleset = policies.read(config.policies, _known(config))
    return ruleset, policies.suspicions(ruleset, config.policies)


def _known(config: Config) -> Known:
    """What there is that policies may name; of principals only if the store has any."""
    from nightporter.gateway import policies

    principals = None
    file = config.store.removeprefix("sqlite:///").partition("?")[0]
    if file == config.store or Path(file).exists():  # or it would be made
        try:
            with closing(store_of(config)) as store:
                principals = [each.principal for each in store.list()]
        except StoreError as error:  # it only helps to find names that nobody has
            complain("warning", f"names of principals and groups are not looked at: {error}")
    return policies.known(config, principals or None)


def _files(paths: Iterable[Path], pattern: str) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            found = sorted(each for each in path.glob(pattern) if not each.name.startswith("."))
            if not found:
                raise NightporterError(f"{path}: has no file {pattern}")
            yield from found
        else:
            yield path


def _text(file: Path) -> str:
    with file.open("rb") as opened:
        data = opened.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise NightporterError(f"{file}: is longer than {MAX_BYTES} bytes")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise NightporterError(f"{file}: is not UTF-8") from None


def _count(number: int, noun: str) -> str:
    return f"1 {noun}" if number == 1 else f"{number} {noun.removesuffix('y')}ies"


# list


@app.command("list", epilog=examples("nightporter policy list", "nightporter policy list --json"))
def list_(config: ConfigOption = CONFIG, json: JsonOption = False) -> None:
    """List the policies of the configuration, packs included, as their files are now."""
    from .explained import policy_as_json

    loaded = load_config(config)
    ruleset = _read(loaded.policies, loaded)
    every = sorted(ruleset.policies.values(), key=lambda policy: (policy.file, policy.line))
    if json:
        show(to_json({"hash": ruleset.hash, "policies": [policy_as_json(each) for each in every]}))
        return
    show_table(
        ("id", "file", "effect", "hold", "reason"),
        (
            (
                each.id,
                f"{each.file}:{each.line}",
                f"{each.effect} (observe)" if each.observe else each.effect,
                "-" if each.hold is None else str(each.hold),
                each.reason or "-",
            )
            for each in every
        ),
    )


def _read(policies_: Policies, config: Config | None) -> Ruleset:
    from nightporter.gateway import policies
    from nightporter.policy.ruleset import Known

    return policies.read(policies_, Known() if config is None else policies.known(config))


# test


@app.command("test", epilog=examples("nightporter policy test", "nightporter policy test policies/agents.test.yaml"))
def expectations(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE...", help="Tables of expectations, or folders of them; else those beside the policies."),
    ] = None,
    config: ConfigOption = CONFIG,
) -> None:
    """Say whether the policies decide as tables of expectations have it: `*.test.yaml` beside the policies. The exit status is 1 if
    any does not hold. SQL in them is read on its upstream, and runs nowhere.
    """
    session = _Session(config)
    results: list[Result] = []
    for file in [*_files(files, TABLES)] if files else session.beside():
        results += session.run(file)
    failed = [each for each in results if each.failures]
    for result in failed:
        _tell(result)
    unreached = session.unreached
    if unreached:
        show(f"no test reaches: {', '.join(unreached)}")
    show(f"{counted(len(results), 'test')}, {len(failed)} failed")
    if failed:
        raise typer.Exit(FAILED)


def _tell(result: Result) -> None:
    row, who = result.row, result.principal
    show(f"{line(row.file)}:{row.line}: {line(f'{who.kind} {who.label}')}: {line(row.what)}")
    show(*(f"    {line(each)}" for each in result.failures))


class _Session:
    """Runs tables, each on its policies. The configuration is read only if a table needs it."""

    def __init__(self, config: Path) -> None:
        self._path = config
        self._reached: set[str] = set()
        self._written: dict[str, None] = {}
        self.config = cache(self._config)
        self._look = cache(self._sight)
        self._own = cache(self._of_configuration)

    def _config(self) -> Config:
        return load_config(self._path)

    @property
    def unreached(self) -> list[str]:
        """Policies of the folders that were tested, that decided nothing."""
        return [each for each in self._written if each not in self._reached]

    def beside(self) -> list[Path]:
        """The tables in the configuration's folder of policies."""
        folder = self.config().policies.path
        if folder is None:
            raise NightporterError("the configuration has no folder of policies to have tests in: name a FILE")
        return [*_files([folder], TABLES)]

    def run(self, file: Path) -> Iterator[Result]:
        """Everything in one table."""
        from nightporter.policy.answer import Answers
        from nightporter.policy.table import check

        table = read_table(file, self._environment)
        ruleset = self._own() if table.policies is None else _read(policies_of(file, table.policies), None)
        answers = Answers(ruleset)
        self._written |= dict.fromkeys(each.id for each in ruleset.policies.values() if not each.file.startswith("packs/"))
        for row in table.rows:
            for result in check(row, answers, self._reading):
                self._reached |= result.deciding
                yield result

    def _of_configuration(self) -> Ruleset:
        return _read(self.config().policies, self.config())

    def _environment(self, upstream: str) -> str | None:
        found = self.config().resolve(upstream)
        return None if found is None else found.environment

    def _sight(self, upstream: str) -> Sight:
        from .analyse import look, upstream_of

        return look(upstream_of(self.config(), upstream))

    def _reading(self, upstream: str, text: str) -> tuple[Reading, str]:
        sight = self._look(upstream)
        return sight.read(text), sight.standing.role


def read_table(file: Path, environment_of: Callable[[str], str | None]) -> Table:
    """A table of expectations. Raises PolicyErrors with all that is wrong with it."""
    from nightporter.config import document
    from nightporter.policy import table

    found = document.read(_text(file))
    if found.problems:
        raise PolicyErrors(PolicyError(each.message, str(file), each.place.line, each.place.column) for each in found.problems)
    return table.read(str(file), found.data, lambda key: found.place(key).line, environment_of)


def policies_of(file: Path, section: Mapping[str, Any]) -> Policies:
    """The policies that a table says it is about; a folder's path starts beside the table."""
    from nightporter.config import Policies

    path, packs = section.get("path"), section.get("packs", [])
    if not isinstance(path, str | None) or not isinstance(packs, list) or not all(isinstance(each, str) for each in packs):
        raise NightporterError(f"{file}: `policies` takes `path`, a folder, and `packs`, a list of names")
    return Policies.model_construct(path=None if path is None else file.parent / path, packs=tuple(packs))
