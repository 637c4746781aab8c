"""``recommended-datasets``: the command line. Each command is a thin call in a `cli_<noun>` module, loaded when it is used.

Exit status: 0 no error (warnings and infos may be there), 1 errors or no standard dataset, 2 could not be read or wrong use.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from recommended_datasets.municipality import FOLDERS

if TYPE_CHECKING:
    from recommended_datasets.catalog import Catalog

OK, FAILURE, ERROR = 0, 1, 2
DEBUG = "RECOMMENDED_DATASETS_DEBUG"
"""Environment variable: set it to see the traceback of an internal error."""

COMMANDS = {
    "list": "cli_definitions:list_datasets",
    "show": "cli_definitions:show",
    "identify": "cli_identify:identify",
    "check": "cli_check:check",
    "repair": "cli_repair:repair",
    "convert": "cli_convert:convert",
    "merge": "cli_merge:merge",
    "compare": "cli_compare:compare",
    "template": "cli_template:template",
    "schema": "cli_template:schema",
    "scan": "cli_scan:scan",
    "definitions": "cli_importing:definitions",
}
"""Command → module and function. One line for each; the module is imported only when its command is used."""

HELP = """自治体の CSV・Excel を、推奨データセット／自治体標準オープンデータセットとして点検・修正・統合します。

Check, repair and merge files that follow Japan's municipal open data standards.

\b
はじめに / First steps:
  recommended-datasets list                      どんなデータセットがあるか / which datasets there are
  recommended-datasets check 462012_aed.csv      ファイルを点検 / check a file
  recommended-datasets repair 462012_aed.csv -o fixed.csv
  recommended-datasets template aed -o aed.xlsx  入力用の Excel / a workbook to fill in

FILE に - を書くと標準入力を読みます。 - reads standard input.

\b
終了コード / exit status:
  0 エラーなし / no error
  1 エラーあり・標準外 / errors, or no standard dataset
  2 読めない・使い方の誤り / unreadable, or wrong use
"""


class Commands(click.Group):
    """A group whose commands are imported when they are used, so that a small check does not wait for the others."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*COMMANDS, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        target = COMMANDS.get(cmd_name)
        if target is None:
            return super().get_command(ctx, cmd_name)
        module, _, name = target.partition(":")
        return getattr(import_module(f"recommended_datasets.{module}"), name)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f"「{near[0]}」ではありませんか / did you mean {near[0]}?" if near else "--help で一覧が出ます / see --help"
            ctx.fail(f"「{args[0]}」というコマンドはありません / no such command. {hint}")
        return super().resolve_command(ctx, args)


@click.group(cls=Commands, help=HELP, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="ckanext-kagoshima", message="%(prog)s %(version)s")
def cli() -> None:
    pass


F = TypeVar("F", bound=Callable[..., Any])


def with_catalog(command: F) -> F:
    """Give a command the option ``--definitions DIR`` and the argument `catalog`."""
    import functools

    @functools.wraps(command)
    def call(*args: Any, definitions: tuple[str, ...], **kwargs: Any) -> Any:
        return command(*args, catalog=open_catalog(definitions), **kwargs)

    option = click.option(
        "--definitions",
        metavar="DIR",
        multiple=True,
        envvar=FOLDERS,
        type=click.Path(file_okay=False),
        help=f"独自の定義（共通フォーマット）のフォルダ。環境変数 {FOLDERS} でも / folder with definitions of your own.",
    )
    return option(call)  # type: ignore[return-value]


lang_option = click.option(
    "--lang",
    type=click.Choice(["ja", "en"]),
    default="ja",
    show_default=True,
    envvar="RECOMMENDED_DATASETS_LANG",
    help="メッセージの言語 / language of the messages.",
)
file_argument = click.argument("file", metavar="FILE")
mapping_option = click.option(
    "--mapping",
    metavar="YAML",
    type=click.Path(),
    help="確認済みの列の対応表 / a confirmed column mapping (see identify --propose).",
)
sheet_option = click.option("--sheet", metavar="NAME", help="ブックのシート名 / sheet of a workbook.")
dataset_option = click.option(
    "--dataset", metavar="ID", help="データセット。省くと見出しから判別 / found by the header if left out."
)
edition_option = click.option("--edition", metavar="E", help="版 standard・recommended など / edition, found if left out.")
municipality_option = click.option(
    "--municipality", metavar="CODE", help="公開している団体の6桁コード / six-digit code of the publisher."
)


def open_catalog(folders: tuple[str, ...] = ()) -> Catalog:
    """The catalog with the definitions in `folders`; wrong use if a folder or a definition in it is wrong."""
    from recommended_datasets import catalog, municipality
    from recommended_datasets.definition import DefinitionError

    for folder in folders:
        if not Path(folder).is_dir():
            raise click.UsageError(f"定義のフォルダ「{folder}」がありません / no such folder for --definitions")
    _name_folders(folders)
    try:
        opened = catalog.load([Path(folder) for folder in folders])
    except DefinitionError as error:
        raise click.UsageError(str(error)) from None
    if os.environ.get(FOLDERS) and (wrong := municipality.problems()):
        raise click.UsageError("\n".join(wrong))
    return opened


def _name_folders(folders: tuple[str, ...]) -> None:
    """Let the publishers of these folders count in every rule, until the command ends."""
    before, now = os.environ.get(FOLDERS, ""), os.pathsep.join(folders)
    if before != now:
        os.environ[FOLDERS] = now
        click.get_current_context().call_on_close(lambda: os.environ.update({FOLDERS: before}))


def find_definition(catalog: Catalog, dataset: str, edition: str | None = None) -> Any:
    """The definition, the newest edition if none is named; wrong use, with the nearest names, if there is none."""
    editions = catalog.editions(dataset)
    if not editions:
        import difflib

        near = difflib.get_close_matches(dataset, catalog.ids(), n=3, cutoff=0.4)
        hint = f" 近いもの / near: {', '.join(near)}" if near else " `recommended-datasets list`"
        raise click.UsageError(f"データセット「{dataset}」はありません / no dataset of this id.{hint}")
    if edition is not None and edition not in editions:
        text = f"{dataset} に「{edition}」版はありません / no such edition; あるのは / there are: {', '.join(editions)}"
        raise click.UsageError(text)
    return catalog.get(dataset, edition or editions[0])


def check_arguments(catalog: Catalog, dataset: str | None, edition: str | None, municipality: str | None) -> None:
    """Wrong use if the dataset, the edition or the publisher's code cannot be."""
    if edition and not dataset:
        raise click.UsageError("--edition には --dataset も必要です / --edition needs --dataset")
    if dataset:
        definition = find_definition(catalog, dataset, edition)
        if definition.evidence == "title":
            text = f"{definition.title['ja']} は列の定義をまだ確認できていません / the columns of {dataset} are not known yet"
            raise click.UsageError(text)
    if municipality:
        from recommended_datasets.municipality import by_code, complete, valid

        if by_code(municipality) is None and not valid(municipality):
            meant = complete(municipality)
            hint = f" {meant} ではありませんか / did you mean {meant}?" if meant else ""
            raise click.UsageError(
                f"--municipality「{municipality}」は6桁の団体コードではありません / no six-digit code.{hint}"
            )


def load_mapping(path: str | None) -> Any:
    """The mapping in a file, or `None`; wrong use if it is wrong."""
    if path is None:
        return None
    from recommended_datasets import mapping

    try:
        return mapping.load(Path(path))
    except mapping.MappingError as error:
        raise click.UsageError(str(error)) from None


def read_input(file: str) -> bytes | Path:
    """The bytes of standard input for ``-``, else the path."""
    return sys.stdin.buffer.read() if file == "-" else Path(file)


def write_output(path: str, content: str | bytes) -> None:
    """Write a file, or standard output for ``-``; wrong use if it cannot be written."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    if path == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    try:
        Path(path).write_bytes(data)
    except OSError as error:
        reason = error.strerror or str(error)
        raise click.UsageError(f"「{path}」に書けません（{reason}）/ cannot write {path}: {reason}") from None


def main() -> NoReturn:
    """The program. Never shows a traceback unless ``RECOMMENDED_DATASETS_DEBUG`` is set."""
    # What a run makes lives to its end: to look for garbage all the time only costs time.
    gc.set_threshold(100_000, 50, 100)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        code = cli.main(standalone_mode=False, prog_name="recommended-datasets")
        status = code if isinstance(code, int) else OK
        sys.stdout.flush()
    except click.exceptions.Exit as stop:
        status = stop.exit_code
    except click.ClickException as error:
        error.show()
        status = ERROR
    except (click.Abort, KeyboardInterrupt):
        click.echo("中断しました / interrupted", err=True)
        status = 130
    except BrokenPipeError:
        # The reader of our output (head, less) has enough: no message, and none from Python at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = OK
    except Exception as error:
        if os.environ.get(DEBUG):
            raise
        text = f"内部エラー / internal error: {type(error).__name__}: {error}\n"
        click.echo(
            text + f"{DEBUG}=1 を付けて再実行し、内容をお知らせください / run again with {DEBUG}=1 and report it", err=True
        )
        status = ERROR
    sys.exit(status)
