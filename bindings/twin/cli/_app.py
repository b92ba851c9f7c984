"""The command with all its parts."""

from __future__ import annotations

from typing import Annotated

import typer

from . import _backtest, _emulate, _forecast, _learn, _operations, _plants, _run

app = typer.Typer(
    name="twin",
    help="A digital twin simulation engine for manufacturing.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(value: bool) -> None:
    if value:
        from .. import __version__

        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _twin(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Run plants, read machine logs, learn from them, look ahead and compare what-ifs."""


for _module in (_run, _plants, _operations, _learn, _forecast, _backtest, _emulate):
    _module.add_to(app)
