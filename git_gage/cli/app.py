"""`git gage`: what commands share, and the way in and out."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from git_gage.cli.commands import front_door
from git_gage.cli.parsing import UsageError
from git_gage.errors import RequestError, RunNotFoundError

if TYPE_CHECKING:
    from pathlib import Path

    from git_gage.catalog import Catalog
    from git_gage.catalog.live import Live
    from git_gage.cli.folder import Folder
    from git_gage.cli.person import Person
    from git_gage.git import Repository
    from git_gage.records import By, Record
    from git_gage.render.loading import Loading
    from git_gage.render.progress import Progress
    from git_gage.render.screen import Screen
    from git_gage.store import Store
    from git_gage.trust.judge import Judge
    from git_gage.trust.settings import TrustSettings
    from git_gage.trust.signer import Signer, Unsigned

COMPLETE = "_GIT_GAGE_COMPLETE"
# How trust files looked when records were judged last.
STAMP = "cache/trust.json"
_CHUNK = 1 << 20


class App:
    """What a command works with; each part is made on first use."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.asked_folder = environ.get("GAGE_RUNS")
        # The same where it is on the command line: a command that is typed next needs it again.
        self.typed_folder: str | None = None
        # Why somebody who watches sees what was, and not what is.
        self.trouble = ""
        # Whether a remote that shows no runs is known to have had some.
        self.had_runs = False
        # Whether a remote has runs that are not shown.
        self.is_partial = False
        # Whether the folder of `--runs` was made by this command: there is no list of its runs yet.
        self.has_made_folder = False
        self._sign: bool | None = None
        self._sign_key: str | None = None

    # -- what the command line says of signing -------------------------------------------------

    def ask_to_sign(self, key: str | None) -> None:
        """Records of this command are signed, with this key if one is given."""
        self._say_once(sign=True)
        self._sign_key = key

    def ask_not_to_sign(self) -> None:
        """Records of this command are not signed."""
        self._say_once(sign=False)

    @property
    def asked_to_sign(self) -> bool | None:
        """Whether the command line says to sign, or not to; None if it says neither."""
        return self._sign

    def _say_once(self, *, sign: bool) -> None:
        if self._sign is not None:
            raise UsageError("'--sign' cannot be used with '--no-sign'", "give one of them")
        self._sign = sign

    # -- the parts -----------------------------------------------------------------------------

    @cached_property
    def cwd(self) -> Path:
        from pathlib import Path  # costs help a tenth of what click does

        try:
            return Path.cwd()
        except FileNotFoundError as error:
            raise RequestError(
                "the current directory does not exist any more", hint="cd to one that does"
            ) from error

    @cached_property
    def folder(self) -> Folder | None:
        """The folder of `--runs`; None where the runs are those of where the user is."""
        if not self.asked_folder:
            return None
        from git_gage.cli.folder import Folder, warn_of_remote

        folder = Folder(self.asked_folder, self.cwd, self.environ)
        if COMPLETE not in self.environ:
            warn_of_remote(self.asked_folder, folder, self)
        return folder

    @cached_property
    def here(self) -> Repository:
        """The repository that the user is in: its project, config and identity count.

        With `--runs` they may be in none; then it is the one that has the runs.
        """
        from git_gage.git import open_repository

        try:
            return open_repository(self.cwd, self.environ)
        except RequestError:
            if self.folder is None:
                raise
            return self.folder.repo

    @cached_property
    def repo(self) -> Repository:
        """The repository that has the runs."""
        return self.here if self.folder is None else self.folder.repo

    @property
    def is_outside(self) -> bool:
        """Whether the user is in no repository, and `--runs` names one elsewhere."""
        return self.folder is not None and self.here is self.folder.repo

    def find_path(self, word: str) -> Path:
        """A path from where the user is; `..` stays only where a link on the way is left by it."""
        from pathlib import Path

        path = self.cwd / word
        plain = Path(os.path.normpath(path))
        return plain if plain.resolve() == path.resolve() else path

    def address(self, asked: str, *, push: bool = False) -> str:
        """The remote that a word means where the user is, for the repository that has the runs."""
        if self.folder is None or self.is_outside:
            return asked
        from git_gage.share.remote import find_address

        return find_address(self.here, asked, push=push)

    def make_folder(self) -> None:
        """Before runs come in: a folder without anything becomes a repository."""
        if self.folder is not None and self.folder.is_unmade:
            lists = self.catalog.last_list
            self.folder.make()
            self.close()
            for part in ("folder", "repo", "here", "store", "catalog", "runs", "judge"):
                vars(self).pop(part, None)
            lists.move_to(self.store)
            self.has_made_folder = True

    def require_here(self, verb: str) -> None:
        """Raises: RequestError where the runs that are meant are those of a folder."""
        if self.asked_folder:
            from git_gage.cli.folder import refuse

            raise refuse(self.asked_folder, verb)

    @cached_property
    def store(self) -> Store:
        from git_gage.store import Store

        def sign(record: Record) -> Record:
            return self.signer.sign_record(record)  # who only reads has no signer made

        return Store(self.repo, sign=sign)

    @cached_property
    def catalog(self) -> Catalog:
        """The catalog as it was left; `runs` is in step with the store."""
        from git_gage.catalog import Catalog

        store = self.store

        def status_of(run: str) -> str:
            from git_gage.runs.settle import status_now

            return status_now(store, run)

        def read_live() -> Live:
            from git_gage.runs.settle import read_going

            return read_going(store)

        return Catalog(
            store,
            status_of=status_of,
            read_live=read_live,
            tell=self.tell_loading,
            judge=self._judge_others,
        )

    @cached_property
    def runs(self) -> Catalog:
        """The catalog in step with the store, runs whose recorder died closed."""
        notices = self.catalog.refresh()
        for notice in notices:
            self.progress().warning(notice)
        if notices and self.catalog.has_unread_lanes():
            from git_gage.cli.absent import how_to_mend

            self.progress().note(f"hint: get it again: {how_to_mend(self)}")
        if self._is_trust_changed():
            self.judge_again()
        if _has_entries(self.store.dir / "state"):
            from git_gage.runs.settle import settle

            for notice in settle(self.store, self.catalog):
                self.progress().warning(notice)
        return self.catalog

    @cached_property
    def author(self) -> By:
        """Who writes records: as git knows the user, and the key that signs.

        Raises: SigningError, before anything is written.
        """
        from git_gage.git.author import read_author

        key = self.signer.key
        return {**(read_author(self.here) or {}), **({"key": key} if key else {})} or None

    @cached_property
    def signer(self) -> Signer | Unsigned:
        """What signs the records of this command; the local key is made if need be."""
        return self.find_signer(make=True)

    def find_signer(self, *, make: bool) -> Signer | Unsigned:
        """The same; without `make` no key is made.

        Raises: SigningError.
        """
        from git_gage.trust.signer import Wish, choose_signer

        wish = Wish(self._sign, self._sign_key)
        return choose_signer(self.trust_settings, wish, self.person, make=make)

    @cached_property
    def trust_settings(self) -> TrustSettings:
        """What git's config says of signatures."""
        from git_gage.trust.settings import read_trust_settings

        return read_trust_settings(self.here)

    @cached_property
    def person(self) -> Person:
        """Whoever gave the command."""
        from git_gage.cli.person import Person

        return Person(self.progress)

    @cached_property
    def judge(self) -> Judge:
        """Who says who wrote a record; what is wrong in the trust files is told once."""
        from git_gage.trust.opened import open_judge

        judge, faults = open_judge(
            self.here, self.trust_settings, self.store.dir / STAMP, self.store.clock()
        )
        for fault in faults:
            self.progress().warning(fault)
        return judge

    def _judge_others(self, records: Sequence[Record]) -> Mapping[str, str]:
        """What the catalog is to think of records of others."""
        from git_gage.git.known import ALL
        from git_gage.trust.opened import read_policy
        from git_gage.trust.verdict import kept_state

        policy, judge = read_policy(self.here), self.judge
        found = [] if policy == ALL else judge.judge(records)
        return {verdict.record: kept_state(verdict, policy) for verdict in found}

    def _is_trust_changed(self) -> bool:
        """Whether trust files may say something else than when records were judged last."""
        path = self.store.dir / STAMP
        if not path.exists():
            return False
        from git_gage.trust.stamp import is_changed  # not needed before anything was judged

        return is_changed(path)

    def judge_again(self) -> None:
        """Read the trust files anew: what others said of runs may count now, or no longer."""
        vars(self).pop("judge", None)
        assert (
            self.judge is not None
        )  # opened also where nothing is to be judged: it notes the look
        self.catalog.rejudge()

    @property
    def log_dir(self) -> Path | None:
        """Where tracebacks are kept: with the repository, if there is one."""
        repo = None if self.asked_folder else vars(self).get("here")
        return repo.gage_dir / "log" if repo is not None else None

    @cached_property
    def _loading(self) -> Loading:
        from git_gage.render.loading import Loading
        from git_gage.render.screen import find_screen

        return Loading(find_screen(sys.stderr, self.environ))

    def tell_loading(self, share: float | None) -> None:
        """Show how far the catalog has come; a shell that completes shows nothing of ours."""
        wanted = share is not None or "_loading" in vars(self)
        if wanted and sys.stderr is not None and COMPLETE not in self.environ:
            self._loading.tell(share)

    def close(self) -> None:
        """Let go of the files that are open: the next flush can put our journal away."""
        parts = vars(self)
        if "catalog" in parts:
            self.catalog.close()
        if "store" in parts:
            self.store.close()
        if parts.get("folder") is not None:
            parts["folder"].close()

    # -- runs ----------------------------------------------------------------------------------

    def select(self, texts: Iterable[str]) -> list[str]:
        """Ids of the runs that the words name, each once, in their order."""
        return list(dict.fromkeys(run for text in texts for run in self._resolve_all(text)))

    def document(self, text: str | None) -> dict[str, Any]:
        """The run object of the run that a word names; without one the newest, from here if any."""
        run = self.runs.newest_here() if text is None else self._resolve(text)
        found = self.documents(1) if run is None else [self._document(run)]
        if not found:
            raise self.no_runs()
        return found[0]

    def no_runs(self) -> RunNotFoundError:
        """What is said where no run is to be seen, and how to come by some."""
        import shlex

        from git_gage.safe import clean

        purged = len(self.catalog.purged())
        if hidden := self.catalog.count() - purged:
            what = "1 run" if hidden == 1 else f"{hidden:,} runs"
            hint = "see them with 'git gage list --archived' or '--deleted'"
            return RunNotFoundError(f"no runs are listed: {what} put away", hint=hint)
        if purged:
            what, them = ("1 run", "it") if purged == 1 else (f"{purged:,} runs", "them")
            message = f"no runs are listed: whoever began {them}, or an admin, has purged {what}"
            return RunNotFoundError(message, hint=f"let go of {them}: git gage fetch")
        if self.asked_folder:
            # The folder is named in any case: it may be GAGE_RUNS that names it now.
            command = f"git gage --runs {shlex.quote(self.asked_folder)} copy --all --from <where>"
            message = f"no runs in '{clean(self.asked_folder)}' yet"
            return RunNotFoundError(message, hint=f"bring some there: {clean(command)}")
        hint = "record one with 'git gage run <script.py>'"
        return RunNotFoundError("no runs here yet", hint=hint)

    def document_now(self, run: str) -> dict[str, Any]:
        """The run object of an id, read anew: the run may have ended meanwhile."""
        self.look_again()
        return self._document(run)

    def look_again(self) -> None:
        """Bring the catalog up to date when it is asked next."""
        vars(self).pop("runs", None)

    def documents(
        self, limit: int | None, among: Sequence[str] | None = None
    ) -> list[dict[str, Any]]:
        """Run objects, newest first (None: all), or of those with these ids, in their order."""
        return [self._as_it_is(document) for document in self.runs.newest(limit, among)]

    def each_document(self, among: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Those with these ids, one at a time: of many runs nobody holds all."""
        return map(self._as_it_is, self.runs.each_document(among))

    def document_texts(
        self, limit: int | None, among: Sequence[str] | None = None
    ) -> Iterator[str]:
        """The same as JSON texts, one at a time."""
        import json

        for text in self.runs.iter_documents(limit, among):
            # Few runs are going on: the others need not be read to be printed.
            going = '"status":"running"' in text
            yield json.dumps(self._as_it_is(json.loads(text))) if going else text

    def _resolve(self, text: str) -> str:
        found = self._resolve_all(text)
        if len(found) > 1:
            raise RequestError(
                f"'{text}' are {len(found)} runs, and one is needed", hint="give its row alone"
            )
        return found[0]

    def _resolve_all(self, text: str) -> list[str]:
        """The run that a word names, or the runs of a slice."""
        from git_gage.safe import clean  # a word may hold any bytes, a run's name does not

        rows = self.runs.resolve_slice(text) if ":" in text else None
        return [self.runs.resolve(clean(text))] if rows is None else rows

    def _document(self, run: str) -> dict[str, Any]:
        document = self.runs.document(run)
        assert document is not None, f"the catalog names run {run} and does not know it"
        return self._as_it_is(document)

    def _as_it_is(self, document: dict[str, Any]) -> dict[str, Any]:
        if document["status"] != "running":
            return document
        from git_gage.runs.settle import with_status

        found = with_status(self.store, document)
        if found["status"] != "lost" or document["writer"] not in self.store.my_lanes:
            return found
        # Nothing says any more that it goes on: it may have ended here since it was looked.
        self.catalog.refresh()
        again = self.catalog.document(document["id"])
        return found if again is None or again["status"] == "running" else again

    # -- answers -------------------------------------------------------------------------------

    def screen(self, color: str = "auto") -> Screen:
        """Standard output: its size, and what it can show."""
        from git_gage.render.screen import find_screen

        if sys.stdout is None:
            raise RequestError("standard output is closed")
        git = self.here.run if "repo" in vars(self) else None
        return find_screen(sys.stdout, self.environ, git, color)

    def hint_at_gc(self) -> str:
        """How to end that git keeps what was deleted, in the repository that has the runs."""
        from shlex import quote

        where = f"-C {quote(str(self.repo.common_dir))} " if self.asked_folder else ""
        way = f"git {where}gc --prune=now"
        return f"hint: git keeps what nothing leads to for two weeks; end that with: {way}"

    def progress(self, *, quiet: bool = False) -> Progress:
        """Who tells on standard error how things go."""
        from git_gage.render.progress import Progress
        from git_gage.render.screen import find_screen

        screen = find_screen(sys.stderr, self.environ)
        return Progress(screen, quiet=quiet, folder=self.typed_folder)

    def show(self, content: str | bytes, screen: Screen) -> None:
        """Answer on standard output, through the user's pager if the screen is too small."""
        data = screen.encode(content) if isinstance(content, str) else content
        self.show_parts(iter([data]), screen)

    def write_page(self, name: str, parts: Iterable[str], what: str | None = None) -> None:
        """Write a page, which is UTF-8 wherever it goes, for the user; `-` is standard output.

        `what`: how much is in it, to be told. Nothing is written before all of it could be made.
        Raises: RequestError if it cannot be written.
        """
        from tempfile import TemporaryFile

        with TemporaryFile("w+", encoding="utf-8", newline="\n") as spool:
            spool.writelines(parts)
            spool.seek(0)
            made = iter(partial(spool.read, _CHUNK), "")
            if name == "-":
                screen = self.screen()
                for part in made:
                    screen.write(part.encode())
            else:
                self.write_files(name, made, {}, what)

    def write_files(
        self, name: str, parts: Iterable[str], beside: Mapping[str, str], what: str | None = None
    ) -> None:
        """Write a file for the user, and others beside it in folders that may have to be made.

        Raises: RequestError if one cannot be written.
        """
        from git_gage.safe import clean
        from git_gage.store.files import whole_file

        path = self.cwd / name
        try:
            with whole_file(path) as place, place.open("w", encoding="utf-8", newline="\n") as file:
                file.writelines(parts)
            for other, content in beside.items():
                place = path.parent / other
                place.parent.mkdir(exist_ok=True)
                place.write_text(content, encoding="utf-8", newline="\n")
        except OSError as error:
            reason = (error.strerror or "").lower()
            raise RequestError(f"cannot write '{clean(name)}': {reason}") from error
        sys.stdout.write(f"Wrote {f'{what} to ' if what else ''}{clean(name)}\n")

    def show_parts(self, parts: Iterator[bytes], screen: Screen) -> None:
        """The same with an answer that may be long: no more of it is read than the screen takes."""
        head = b""
        for part in parts:
            head += part
            if screen.height is None or not screen.fits(head):
                break
        if not screen.fits(head):
            from itertools import chain
            from pathlib import Path

            from git_gage.git.pager import page

            opened = vars(self).get("here")
            cwd = opened.cwd if opened is not None else Path("/")
            if page(chain([head], parts), self.environ, cwd):
                return
        screen.write(head)
        for part in parts:
            screen.write(part)


def main(argv: Sequence[str] | None = None) -> int:
    """`git gage <argv>`; the exit code."""
    if COMPLETE in os.environ:
        from git_gage.cli.completion import complete

        return complete(os.environ[COMPLETE])
    app = App(_find_environ())
    try:
        code = _run(sys.argv[1:] if argv is None else argv, app)
        sys.stdout.flush()
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - every failure ends here
        from git_gage.cli.boundary import report_failure

        return report_failure(error, app)
    finally:
        app.close()
    return code


def _find_environ() -> Mapping[str, str]:
    if sys.platform == "win32":
        environ = dict(os.environ)
        # Nobody's repository shall bring the git that we start. It is for us alone: what programs
        # find is the user's.
        os.environ["NODEFAULTCURRENTDIRECTORYINEXEPATH"] = "1"
        return environ
    return os.environ


def _run(args: Sequence[str], app: App) -> int:
    # Our help has its own layout; asked for no width, click loads shutil to find one.
    with front_door.make_context("git gage", list(args), obj=app, terminal_width=80) as context:
        return front_door.invoke(context) or 0


def _has_entries(folder: Path) -> bool:
    try:
        return bool(os.listdir(folder))
    except FileNotFoundError:
        return False
