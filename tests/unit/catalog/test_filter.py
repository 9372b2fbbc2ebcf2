"""Which runs a filter finds. docs/filters.md promises all of it."""

from __future__ import annotations

import json
import math

import pytest

from git_gage.errors import FilterSyntaxError, RequestError
from tests.unit.catalog.filtered import Runs, metric
from tests.unit.catalog.made_up import (
    LANE,
    NOON,
    FakeStore,
    after,
    begin,
    end,
    end_body,
    label,
    lines,
    open_catalog,
    ref,
)


@pytest.fixture
def runs(store: FakeStore) -> Runs:
    return Runs(store)


# -- metrics, config values, attributes --------------------------------------------------------


def test_metrics_and_settings_by_their_names(runs: Runs) -> None:
    runs.add("poor", metrics={"acc": 0.4}, config={"lr": 0.1})
    runs.add("good", metrics={"acc": 0.92}, config={"lr": 0.01})
    runs.add("best", metrics={"acc": 0.95}, config={"lr": 0.001})
    assert runs.find("acc > 0.9") == ["best", "good"]
    assert runs.find("acc > 0.9 and lr < 0.01") == ["best"]
    assert runs.find("acc > 0.93 or lr = 1e-1") == ["best", "poor"]
    assert runs.find("acc >= .92", "lr <= 1e-2") == ["best", "good"]
    assert runs.find("acc > 0.9", limit=1) == ["best"]
    assert runs.find("(acc > 0.9 or lr = 0.1) and not acc > 0.94") == ["good", "poor"]


def test_what_binds_tighter(runs: Runs) -> None:
    for name, a, b, c in (("one", 1, 0, 0), ("two", 0, 1, 1), ("three", 0, 1, 0)):
        runs.add(name, metrics={"a": a, "b": b, "c": c})
    assert runs.find("a = 1 or b = 1 and c = 1") == ["two", "one"]
    assert runs.find("(a = 1 or b = 1) and c = 1") == ["two"]
    assert runs.find("not a = 1 and b = 1") == ["three", "two"]
    assert runs.find("NOT a == 1 AND b == 1 OR a=1") == ["three", "two", "one"]


def test_dotted_and_quoted_names(runs: Runs) -> None:
    runs.add("a", config={"model.lr": 0.1, "a name": 1, "select": 2, "x=y": 3, "it's": 4})
    runs.add("b", config={"model.lr": 0.2})
    assert runs.find("model.lr < 0.2") == ["a"]
    assert runs.find("config.model.lr >= 0.2") == ["b"]
    for name in ('"a name" = 1', "config.'a name' = 1", "select = 2", '"x=y" = 3', r"'it\'s' = 4"):
        assert runs.find(name) == ["a"], name


def test_a_name_is_the_metric_then_the_setting_then_the_attribute(runs: Runs) -> None:
    runs.add("logged", metrics={"lr": 1}, config={"lr": 2}, attributes={"lr": 3})
    runs.add("set", metrics={}, config={"lr": 2}, attributes={"lr": 3})
    runs.add("said", metrics={}, attributes={"lr": 3})
    assert runs.find("lr = 1") == ["logged"]
    assert runs.find("lr = 2") == ["set"]
    assert runs.find("lr = 3") == ["said"]
    assert runs.find("lr in [1, 3]") == ["said", "logged"]
    assert runs.find("config.lr = 2") == ["set", "logged"]
    assert runs.find("attr.lr = 3") == ["said", "set", "logged"]
    assert runs.find("metric.lr") == ["logged"]
    assert runs.find("lr = 0") == []


def test_names_of_runs_come_before_those_of_values(runs: Runs) -> None:
    runs.add("a", config={"status": "mine", "metric": 5}, metrics={})
    assert runs.find("status = mine") == []
    assert runs.find("config.status = mine") == ["a"]
    assert runs.find("metric = 5") == ["a"]


def test_numbers_text_and_booleans_are_told_apart(runs: Runs) -> None:
    runs.add("number", config={"x": 1})
    runs.add("text", config={"x": "1"})
    runs.add("yes", config={"x": True})
    runs.add("word", config={"x": "true"})
    runs.add("no", config={"x": False})
    runs.add("list", config={"x": [1, 2]})
    assert runs.find("x = 1") == ["text", "number"]
    assert runs.find("x = '1'") == ["text"]
    assert runs.find("x = true") == ["word", "yes"]
    assert runs.find("x = 'true'") == ["word"]
    assert runs.find("x = False") == ["no"]
    assert runs.find("x = '[1,2]'") == ["list"]
    assert runs.find("x < 2") == ["number"]
    assert runs.find("x > 'a'") == ["word", "list"][:1]
    assert runs.find("x != 1") == ["list", "no", "word", "yes"]
    assert runs.find("x") == ["list", "word", "yes", "text", "number"]


def test_numbers_that_are_hard_to_hold(runs: Runs) -> None:
    runs.add("nan", metrics={"loss": "nan"})
    runs.add("inf", metrics={"loss": "inf"})
    runs.add("less", metrics={"loss": "-inf"})
    runs.add("huge", metrics={"loss": "12345678901234567890123"})
    runs.add("odd", metrics={"loss": "--5"})
    runs.add("many", config={"loss": 10**400, "small": -(10**400), "big": 10**30}, metrics={})
    assert runs.find("loss = nan") == ["nan"]
    assert runs.find("loss != 1") == ["many", "odd", "huge", "less", "inf", "nan"]
    assert runs.find("loss > 1e22") == ["many", "huge", "inf"]
    assert runs.find("loss = inf") == ["many", "inf"]
    assert runs.find("loss < -1e300") == ["less"]
    assert runs.find("loss >= 12345678901234567890123 and loss < inf") == ["huge"]
    assert runs.find("big > 1e29 and small = -inf") == ["many"]
    assert runs.find("loss > 99999999999999999999") == ["many", "huge", "inf"]
    assert runs.find("big > 9999999999999999999") == ["many"]


def test_numbers_in_a_document_that_no_record_could_hold(runs: Runs, store: FakeStore) -> None:
    whole = end_body(metrics={"loss": metric(math.nan)}, duration_s=math.nan)
    runs.add("a", ended={"bulk": {"end.json": store.bulk(whole)}})
    assert runs.find("loss = nan and duration = null") == ["a"]


def test_times_in_values_are_numbers_of_seconds(runs: Runs) -> None:
    runs.add("a", metrics={"wait": 90}, config={"every": "5m"})
    assert runs.find("wait = 1m30s") == ["a"]
    assert runs.find("wait > 1m") == ["a"]
    assert runs.find("every = 5m") == ["a"]


def test_text_of_any_kind(runs: Runs) -> None:
    runs.add("a", config={"who": "Ünï", "half": "\ud800", "nul": "a\0b"})
    assert runs.find("who = Ünï") == ["a"]
    assert runs.find("who =~ '^Ü'") == ["a"]
    assert runs.find("half = '\ud800'") == ["a"]
    assert runs.find("nul = 'a\0b'") == ["a"]


def test_what_is_not_known_is_neither_equal_nor_unequal(runs: Runs) -> None:
    """As in SQL: `not` does not make something known."""
    runs.add("with", metrics={"acc": 0.5})
    runs.add("null", config={"acc": None})
    runs.add("without", metrics={})
    for where in ("acc != 0.9", "not acc = 0.9", "acc not in [0.9]", "acc not-in [0.9]"):
        assert runs.find(where) == ["with"], where
    for where in ("acc > 0.9", "acc = 0.9", "acc in []", "not acc < 0.9"):
        assert runs.find(where) == [], where
    assert runs.find("not acc > 0.9") == ["with"]
    assert runs.find("not (acc > 0.9 or acc < 0.1)") == ["with"]
    assert runs.find("acc = null") == ["without", "null"]
    assert runs.find("not acc = null") == runs.find("acc != None") == ["with"]
    assert runs.find("not acc") == ["without", "null"]
    assert runs.find("not not acc") == ["with"]
    assert runs.find("metric.acc = null") == ["without", "null"]
    assert runs.find("acc = null or acc > 0.1") == ["without", "null", "with"]


def test_lists(runs: Runs) -> None:
    for name in ("prepare-data", "prepare", "train.py"):
        runs.add(name, operation=name, config={"n": len(name)})
    assert runs.find("op in [prepare-data, prepare]") == ["prepare", "prepare-data"]
    assert runs.find("op in ['prepare-data', train,]") == ["train.py", "prepare-data"]
    assert runs.find("op in [prepare-data train]") == ["train.py", "prepare-data"]
    assert runs.find("op not in [train]") == ["prepare", "prepare-data"]
    assert runs.find("not op in [train]") == ["prepare", "prepare-data"]
    assert runs.find("n in [7, 8.0]") == ["train.py", "prepare"]
    assert runs.find("op in []") == []
    assert runs.find("op not in []") == ["train.py", "prepare", "prepare-data"]
    many = ", ".join(map(str, range(1500)))
    assert runs.find(f"n in [{many}]") == ["train.py", "prepare", "prepare-data"]


# -- what every run has ------------------------------------------------------------------------


def test_operations_with_and_without_their_namespace(runs: Runs) -> None:
    runs.add("script", operation="train.py")
    runs.add("op", operation="train", project={"namespace": "other"})
    runs.add("whole", operation="digits:eval", project={})
    assert runs.find("op = train") == ["op", "script"]
    assert runs.find("operation = train.py") == ["script"]
    assert runs.find("op = digits:train") == ["script"]
    assert runs.find("op = other:train") == ["op"]
    assert runs.find("op = digits:eval") == ["whole"]
    assert runs.find("op != digits:train") == ["whole", "op"]
    assert runs.find("op =~ '^tr'") == ["op", "script"]
    assert runs.find("project = digits") == ["script"]
    assert runs.find("project_id =~ '^555'") == ["script"]


def test_label_and_tags(runs: Runs) -> None:
    runs.add("a", text="best so far", tags=("good", "paper"))
    runs.add("b", tags=("good",))
    runs.add("c", text="bad")
    assert runs.find("label = 'best so far'") == ["a"]
    assert runs.find("label") == ["c", "a"]
    assert runs.find("not label") == ["b"]
    assert runs.find("label =~ ^b") == ["c", "a"]
    assert runs.find("label !~ so") == ["c"]
    assert runs.find("label > bad") == ["a"]
    assert runs.find("tag = good") == ["b", "a"]
    assert runs.find("tag != good") == ["c"]
    assert runs.find("tags in [paper, x]") == ["a"]
    assert runs.find("tag not in [paper, x]") == ["c", "b"]
    assert runs.find("tag =~ pap") == ["a"]
    assert runs.find("tag !~ pap") == ["c", "b"]
    assert runs.find("tag") == ["b", "a"]
    assert runs.find("not tag") == runs.find("tag = null") == ["c"]
    assert runs.find("tag != null") == ["b", "a"]


def test_commits_digests_and_ids_by_their_first_characters(runs: Runs) -> None:
    runs.add("a", source__commit="ab12" + "0" * 36).add("b", source__commit="cd34" + "0" * 36)
    run = runs.begins["a"].run
    assert runs.find("commit = AB12") == ["a"]
    assert runs.find("commit != ab1") == ["b"]
    assert runs.find("commit in [ab12, cd]") == ["b", "a"]
    assert runs.find("digest = abab") == ["b", "a"]
    assert runs.find("commit =~ '^c'") == ["b"]
    for prefix in (run, run[:20], run[10:17]):
        assert "a" in runs.find(f"run = {prefix}")
    assert runs.find(f"id != {run[10:]}") == ["b"]


def test_who_and_where(runs: Runs) -> None:
    runs.add("a").add(
        "b", environment={"host": "lab9"}, source__branch="fix/x", source__dirty=False
    )
    for where in ("author = Ana", "by = ana@example.com", "author = 'Ana <ana@example.com>'"):
        assert runs.find(where) == ["b", "a"]
    assert runs.find("author =~ '@example[.]com>$'") == ["b", "a"]
    assert runs.find("author != Bob") == ["b", "a"]
    assert runs.find("author != Ana") == []
    assert runs.find("host = lab9") == ["b"]
    assert runs.find("branch = fix/x") == ["b"]
    assert runs.find("dirty") == runs.find("dirty = true") == ["a"]
    assert runs.find("not dirty") == runs.find("dirty != true") == ["b"]
    assert runs.find("python >= 3.11 and platform =~ Linux") == ["a"]
    assert runs.find("dirty = null") == []


def test_a_run_by_nobody(runs: Runs, store: FakeStore) -> None:
    runs.add("a")
    nobody = begin(2).line.replace(b'{"email":"ana@example.com","name":"Ana"}', b"null")
    store.files["1-1-a.jsonl"] += nobody + b"\n"
    assert runs.catalog.find("not author") == runs.catalog.find("author = null")
    assert len(runs.catalog.find("author = null")) == 1
    assert runs.find("author") == ["a"]


def test_how_it_ended(runs: Runs) -> None:
    runs.add("fine", ended={"duration_s": 200})
    runs.add("failed", ended={"status": "error", "exit_code": 3, "duration_s": 5400.5})
    runs.add("killed", ended={"exit_code": 137, "signal": "SIGKILL", "duration_s": None})
    runs.add("going")
    assert runs.find("status = error") == ["failed"]
    assert runs.find("exit_code > 0") == ["killed", "failed"]
    assert runs.find("exit_code in [3, 137]") == ["killed", "failed"]
    assert runs.find("signal") == ["killed"]
    assert runs.find("duration > 5m") == ["failed"]
    assert runs.find("duration = 3m20s") == ["fine"]
    assert runs.find("duration >= 1.5h") == ["failed"]
    assert runs.find("duration = null") == ["going", "killed"]
    assert runs.find("not ended") == ["going"]


def test_times_that_a_clock_cannot_count(runs: Runs) -> None:
    runs.add("a", ended={"duration_s": 10**30, "exit_code": 10**30})
    assert runs.find("duration > 1d and exit_code > 0") == ["a"]


def test_when_it_was(runs: Runs) -> None:
    day = 86400
    runs.add("old", at=NOON - 40 * day)
    runs.add("yesterday", at=NOON - day)
    runs.add("today", at=NOON, ended={"ended": "2026-11-22T12:14:02.000Z"})
    assert runs.find("started > 2 days ago") == ["today", "yesterday"]
    assert runs.find("started >= '2 days ago' and started < today") == ["yesterday"]
    assert runs.find("started = yesterday") == ["yesterday"]
    assert runs.find("started != yesterday") == ["today", "old"]
    assert runs.find("started > yesterday") == ["today", "yesterday"]
    assert runs.find("started = 2026-11-22") == runs.find("started = today") == ["today"]
    assert runs.find("started < 2026-11-01") == ["old"]
    assert runs.find("started in [today, yesterday]") == ["today", "yesterday"]
    assert runs.find("started = 2026-11-22T12:00:00.000Z") == ["today"]
    assert runs.find(f"started = @{NOON:.0f}") == ["today"]
    assert runs.find("started <= now and (ended > 2026-11-22)") == ["today"]
    assert runs.find("started =~ '^2026-10'") == ["old"]


def test_going_runs_have_the_status_that_the_list_shows(store: FakeStore) -> None:
    shown: dict[str, str] = {}
    runs = Runs(store, shown.__getitem__)
    for name, status in (("here", "running"), ("away", "lost"), ("dead", "terminated")):
        shown[runs.add(name).begins[name].run] = status
    runs.add("done", metrics={})
    for status, name in (("running", "here"), ("lost", "away"), ("terminated", "dead")):
        assert runs.find(f"status = {status}") == runs.find(status) == [name]
    assert runs.find("status in [lost, completed]") == ["done", "away"]
    assert runs.find("status != lost and status !~ '^t'") == ["done", "here"]


def test_without_anybody_to_ask_they_are_running(runs: Runs) -> None:
    runs.add("going")
    assert runs.find("status = running") == ["going"]


@pytest.mark.parametrize("failure", [PermissionError, KeyError])
def test_who_cannot_be_asked_fails_the_question(store: FakeStore, failure: type[Exception]) -> None:
    """And the catalog is not to blame, whatever it was."""

    def refuse(run: str) -> str:
        raise failure(run)

    runs = Runs(store, refuse).add("a").add("b")
    with pytest.raises(failure):
        runs.find("status = running")
    assert runs.find("op = train") == ["b", "a"]


# -- plain words -------------------------------------------------------------------------------


def test_plain_words_are_looked_for_where_people_name_runs(runs: Runs) -> None:
    runs.add("op", operation="hello.py", metrics={})
    runs.add("label", text="2 DEV hello")
    runs.add("tag", tags=("hello",), ended={"status": "error"})
    runs.add("other", operation="hello2", text="or else")
    assert runs.find("hello") == ["tag", "label", "op"]
    assert runs.find("'hello'") == ["tag", "label", "op"]
    assert runs.find("hell") == ["label"]
    assert runs.find("2 DEV") == ["label"]
    assert runs.find("2") == ["label"]
    assert runs.find("error") == ["tag"]
    assert runs.find("hello and not DEV") == ["tag", "op"]
    assert runs.find("'or else'") == ["other"]
    assert runs.find("%") == runs.find("nothing") == []


def test_a_word_may_also_name_a_value(runs: Runs) -> None:
    runs.add("on", config={"shuffle": True}).add("off", config={"shuffle": False})
    runs.add("zero", config={"shuffle": 0})
    assert runs.find("shuffle") == ["zero", "on"]
    assert runs.find("not shuffle") == ["off"]
    assert runs.find("not config.shuffle") == ["off"]


# -- regular expressions -----------------------------------------------------------------------


def test_patterns_are_those_of_python(runs: Runs) -> None:
    runs.add("a", config={"model": "ResNet-50", "n": 3}).add("b", config={"model": "vit"})
    assert runs.find("model =~ '^Res'") == ["a"]
    assert runs.find(r"model =~ '\d+$'") == ["a"]
    assert runs.find("model =~ '(?i)VIT|x'") == ["b"]
    assert runs.find("model !~ Net") == ["b"]
    assert runs.find("not model =~ Net") == ["b"]
    assert runs.find("n =~ 3") == runs.find("n !~ 4") == []
    assert runs.find("model =~ '[[a]'") == []


@pytest.mark.parametrize("pattern", ["(a+)+", "(?:x*y)*", "((ab*)c){2,}", "(a+){2,40}", "([*)]+)*"])
def test_patterns_that_could_take_for_ever_are_refused(runs: Runs, pattern: str) -> None:
    with pytest.raises(FilterSyntaxError, match="a repetition inside a repetition"):
        runs.find(f"label =~ '{pattern}'")


@pytest.mark.parametrize(
    "pattern", ["(ab)+", "a+(b+)c+", "([0-9]+[.]){3}", "(a|b)*x+", "a{b}", r"\(a+\)+"]
)
def test_patterns_that_do_not_are_taken(runs: Runs, pattern: str) -> None:
    assert runs.find(f"label =~ '{pattern}'") == []


def test_a_pattern_that_takes_too_long_is_given_up(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs.add("a", text="x").add("b", text="x")
    monkeypatch.setattr("git_gage.catalog.filter_match.PATIENCE_S", -1.0)
    with pytest.raises(RequestError, match="takes too long"):
        runs.find("label =~ x")


def test_who_does_not_want_to_wait_need_not(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(pattern: str, value: str) -> bool:
        raise KeyboardInterrupt

    runs.add("a", text="x").add("b", text="x")
    monkeypatch.setattr("git_gage.catalog.filter_match._search", interrupted)
    with pytest.raises(KeyboardInterrupt):
        runs.find("label =~ x")


# -- what is wrong with it -----------------------------------------------------------------------

WRONG = {
    "": ("the filter is empty", None),
    "acc >": ("the filter ends where something should follow", 5),
    "acc >> 2": ("unexpected '>'", 5),
    "acc ~ x": ("unexpected '~'", 4),
    "(acc > 1": ("a parenthesis is not closed", 8),
    "acc > 1)": ("a parenthesis closes that was not opened", 7),
    "(a)) or b": ("a parenthesis closes that was not opened", 3),
    "op in [a": ("a list is not closed", 8),
    "op in": ("the filter ends after 'in'", 5),
    "op in a": ("unexpected 'a' where a list should be", 6),
    "op = [a]": ("unexpected '['", 5),
    "op in [a = b]": ("unexpected '=' in a list", 9),
    "op in [a,,b]": ("unexpected ',' in a list", 9),
    "op in [a (b)]": ("unexpected '(' in a list", 9),
    "a = 1 b = 2": ("unexpected '='", 8),
    "a = 1 b": ("unexpected 'b' after a value", 6),
    "op 'x'": ("unexpected ''x''", 3),
    "label = 'x": ("a quote is not closed", 8),
    "0.9 < acc": ("'0.9' is not a name", 0),
    "1 < acc < 2": ("unexpected '<'", 8),
    "acc > null": ("null cannot be compared by '>'", 6),
    "acc in [1, null]": ("null cannot be compared by 'in'", 11),
    "started > soon": ("'soon' is not a date", 10),
    "started > 5": ("'5' is not a date", 10),
    "started > 2026-02-31": ("'2026-02-31' is not a date", 10),
    "started > 1812-01-01": ("'1812-01-01' is not a date", 10),
    "duration > long": ("'long' is not a number", 11),
    "duration = '5m'": ("'5m' is not a number", 11),
    "dirty = 1": ("'1' is not true or false", 8),
    "dirty > true": ("'>' needs something that has an order", 8),
    "tag > a": ("'>' needs something that has an order", 6),
    "commit < ab": ("'<' needs something that has an order", 9),
    "exit_code =~ 1": ("a pattern needs text to match", 13),
    "dirty =~ t": ("a pattern needs text to match", 9),
    "label =~ '('": ("not a regular expression: missing ), unterminated subpattern", 9),
    f"label =~ '{'x' * 600}'": ("a regular expression has 500 characters at most", 9),
    f"a = {'x' * 10_000}": ("a filter has 10,000 characters at most, not 10,004", None),
}


@pytest.mark.parametrize("where", WRONG)
def test_what_is_wrong_is_told_with_its_place(runs: Runs, where: str) -> None:
    message, place = WRONG[where]
    with pytest.raises(FilterSyntaxError) as caught:
        runs.find(where)
    first, *shown = str(caught.value).splitlines()
    assert first.startswith(message)
    assert caught.value.hint
    if place is None:
        assert shown == []
    elif len(where) < 70:
        assert shown == [f"  {where}", "  " + " " * place + "^"]


def test_of_a_long_filter_the_part_around_the_place_is_shown(runs: Runs) -> None:
    where = " and ".join(["acc > 0.5"] * 20 + ["acc >> 1"] + ["acc > 0.5"] * 20)
    with pytest.raises(FilterSyntaxError) as caught:
        runs.find(where)
    _, shown, mark = str(caught.value).splitlines()
    assert shown.startswith("  ...")
    assert shown.endswith("...")
    assert len(shown) < 80
    assert shown[: mark.index("^")].endswith("acc >")


def test_signs_that_move_a_terminal_are_shown_as_what_they_are(runs: Runs) -> None:
    with pytest.raises(FilterSyntaxError) as caught:
        runs.find("a = '\x1b[2J' >")
    _, shown, mark = str(caught.value).splitlines()
    assert shown == r"  a = '\x1b[2J' >"
    assert mark.index("^") == shown.index(">")


def test_great_filters(runs: Runs) -> None:
    runs.add("a", metrics={"acc": 1}, text="x")
    assert runs.find("(" * 1000 + "acc = 1" + ")" * 1000) == ["a"]
    assert runs.find("not " * 1001 + "acc = 1") == []
    assert runs.find(" and ".join(["acc>0"] * 900)) == ["a"]
    assert runs.find(*["acc = 1", "label", "op = train"] * 30) == ["a"]


@pytest.mark.parametrize("leaf", ["acc = 1", "tag != x", "op = n:x", "'x'", "not acc =~ x", "x"])
def test_filters_that_are_too_deep_are_refused(runs: Runs, leaf: str) -> None:
    def nested(depth: int) -> str:
        return f"({leaf} or ({leaf} and " * depth + leaf + "))" * depth

    runs.add("a", metrics={"acc": 1})
    runs.find(nested(9))  # which SQLite takes
    with pytest.raises(FilterSyntaxError, match="too many conditions lie in one another"):
        runs.find(nested(10))
    with pytest.raises(FilterSyntaxError, match="too many conditions lie in one another"):
        runs.find("(a or (a and " * 500 + "a" + "))" * 500)


def test_filters_that_are_too_great_for_sqlite_are_refused(runs: Runs) -> None:
    with pytest.raises(FilterSyntaxError, match="the filter has too many conditions"):
        runs.find(*[" or ".join("a" * 2000)] * 3)


# -- names that nobody has -----------------------------------------------------------------------


def test_names_that_no_run_has_are_told_with_a_guess(runs: Runs) -> None:
    runs.add("a", metrics={"accuracy": 1}, config={"batch-size": 2}, tags=("zebra",))
    find = runs.catalog.find_unknown
    assert find(["acuracy > 0.5 and not (batchsize = 1 or hello)"]) == {
        "acuracy": "accuracy",
        "batchsize": "batch-size",
    }
    assert find(["metric.batch-size = 1"]) == {"metric.batch-size": "batch-size"}
    assert find(["metrics.accuracy = 1"]) == {"metrics.accuracy": "metric.accuracy"}
    assert find(["status in [complete, error, x]"]) == {"complete": "completed", "x": None}
    assert find(["status =~ foo"]) == {}
    assert find(["statsu = x", "zebr = 1"]) == {"statsu": "status", "zebr": None}
    assert find(["accuracy > 1 and status = error", "'batch-size' = 1"]) == {}


# -- what changes --------------------------------------------------------------------------------


def test_what_is_said_later_counts(runs: Runs, store: FakeStore) -> None:
    runs.add("a", attributes={"grade": "b", "note": "x"})
    assert runs.find("grade = b and note = x") == ["a"]
    first = runs.begins["a"]
    store.journal(after(first, "attr.set", {"name": "grade", "value": "a"}, lc=7, seq=3))
    store.journal(after(first, "attr.del", {"name": "note"}, lc=8, seq=4))
    assert runs.find("grade = a") == ["a"]
    assert runs.find("grade = b") == runs.find("note") == []
    store.journal(end(first, metrics={}), label(first, "new", lc=9))
    assert runs.find("status = completed and label = new") == ["a"]


def test_runs_that_have_not_begun_here_are_not_found(store: FakeStore) -> None:
    here, away = begin(1), begin(2)
    store.lane(ref(), lines(here), lines(label(away, "x")))
    catalog = open_catalog(store)
    catalog.refresh()
    assert catalog.find("not nothing") == catalog.find("not label") == [here.run]


def test_documents_of_what_was_found(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("git_gage.catalog.catalog.PAGE", 2)
    for number in range(5):
        runs.add(str(number), config={"n": number})
    found = runs.catalog.find("n > 0")
    assert [run["id"] for run in runs.catalog.newest(None, found)] == found
    assert [run["config"]["n"] for run in runs.catalog.newest(3, found)] == [4, 3, 2]
    texts = runs.catalog.iter_documents(1, found)
    assert [json.loads(text)["config"]["n"] for text in texts] == [4]
    assert runs.catalog.newest(None, []) == []


def test_an_answer_survives_a_catalog_that_is_damaged(store: FakeStore) -> None:
    first = begin(1, writer=LANE)
    store.journal(first)
    catalog = open_catalog(store, None)
    catalog.refresh()
    catalog.close()
    (store.dir / "catalog.db").write_bytes(b"no database" * 1000)
    assert catalog.find("op = train") == [first.run]


def test_a_plain_word_needs_no_grammar(runs: Runs) -> None:
    import subprocess
    import sys

    program = (
        "import sys; from git_gage.catalog.filter import parse_filter; parse_filter('a b');"
        "sys.exit('git_gage.catalog.filter_table' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
