"""The command line as `interfaces.md` says: commands, exit status 0/1/2, JSON shape, never a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from recommended_datasets import catalog as catalogs
from recommended_datasets.cli import COMMANDS, cli

DATA = Path(__file__).resolve().parents[1] / "data"
GOOD = str(DATA / "aed" / "standard.good.csv")
BAD = str(DATA / "aed" / "standard.bad.csv")
EVACUATION = str(DATA / "evacuation_space" / "standard.bad.csv")
KEYS = {
    "status", "rule_set", "dataset", "edition", "encoding", "header_line", "row_count", "accepted_count", "issues",
    "issue_counts", "columns",
}  # fmt: skip
ISSUE = {"code", "severity", "record", "line", "field", "column", "value", "message"}


def run(*arguments: str, input: bytes | None = None) -> Result:
    return CliRunner().invoke(cli, list(arguments), input=input)


def test_every_command_of_the_public_surface_is_there_and_explains_itself():
    wanted = {"list", "show", "identify", "check", "repair", "convert", "merge", "template", "schema", "scan", "definitions",
              "compare"}
    assert set(COMMANDS) == wanted
    listed = run("--help")
    assert listed.exit_code == 0
    for name in wanted:
        assert name in listed.stdout
        shown = run(name, "--help")
        assert shown.exit_code == 0 and "Usage:" in shown.stdout and any("ぁ" <= c <= "ヿ" for c in shown.stdout), name


def test_list_shows_every_dataset_and_edition():
    entries = json.loads(run("list", "--format", "json").stdout)
    assert len(entries) == len(catalogs.load().all())
    text = run("list").stdout
    assert all(e["id"] in text and e["title"]["ja"] in text for e in entries)
    assert "Designated emergency" in run("list", "--lang", "en").stdout
    assert run("list", "--format", "csv").stdout.startswith("id,edition,number,columns,title,evidence\n")


@pytest.mark.parametrize("dataset", catalogs.load().ids())
def test_show_schema_and_template_work_for_each_dataset(dataset: str, tmp_path: Path):
    known = bool(catalogs.load().standard(dataset).fields)
    assert run("show", dataset).exit_code == 0
    assert json.loads(run("show", dataset, "--format", "json").stdout)["id"] == dataset
    schema = run("schema", dataset)
    out = tmp_path / "out.xlsx"
    made = run("template", dataset, "-o", str(out), "--rows", "10")
    if known:
        assert json.loads(schema.stdout)["fields"] and out.read_bytes().startswith(b"PK")
    else:
        assert schema.exit_code == made.exit_code == 2 and "確認できていません" in schema.stderr
        assert not out.exists()


def test_check_says_by_its_exit_status_whether_a_file_is_fine_faulty_or_unreadable(tmp_path: Path):
    assert run("check", GOOD).exit_code == 0
    assert run("check", EVACUATION).exit_code == 1
    (tmp_path / "empty.csv").write_bytes(b"")
    assert run("check", str(tmp_path / "empty.csv")).exit_code == 2
    assert run("check", str(tmp_path / "nowhere.csv")).exit_code == 2
    (tmp_path / "park.csv").write_text("公園名,場所\n見本公園,山下町\n", encoding="utf-8")
    assert run("check", str(tmp_path / "park.csv")).exit_code == 1


def test_check_as_json_is_always_one_object_of_the_same_shape(tmp_path: Path):
    faulty = json.loads(run("check", EVACUATION, "--format", "json").stdout)
    assert KEYS <= set(faulty) and faulty["status"] == "failure" and faulty["edition"] == "standard"
    assert all(ISSUE <= set(issue) for issue in faulty["issues"])
    assert {c["how"] for c in faulty["columns"]} == {"exact"}
    assert sum(faulty["issue_counts"].values()) >= len(faulty["issues"]) > 0
    (tmp_path / "park.csv").write_text("公園名,場所\n見本公園,山下町\n", encoding="utf-8")
    none = json.loads(run("check", str(tmp_path / "park.csv"), "--format", "json").stdout)
    assert KEYS <= set(none) and none["dataset"] is None and isinstance(none["nearest"], list)
    lost = json.loads(run("check", str(tmp_path / "nowhere.csv"), "--format", "json").stdout)
    assert KEYS <= set(lost) and lost["status"] == "error"


def test_check_reads_standard_input():
    piped = run("check", "-", "--format", "json", input=Path(EVACUATION).read_bytes())
    named = run("check", EVACUATION, "--format", "json")
    assert json.loads(piped.stdout)["issue_counts"] == json.loads(named.stdout)["issue_counts"]


def test_check_as_csv_and_html():
    table = run("check", EVACUATION, "--format", "csv").stdout
    assert table.lstrip("\ufeff").splitlines()[0] == "record,line,column,field,code,severity,value,message"
    page = run("check", EVACUATION, "--format", "html").stdout
    assert page.lstrip().lower().startswith("<!doctype html") and "緯度" in page
    assert "http" not in page.split("<body")[0].replace("http-equiv", "").replace("https://www.w3.org", "")


def test_check_in_english_speaks_english():
    assert (
        "required" in run("check", EVACUATION, "--lang", "en").stdout.lower()
        or "blank" in run("check", EVACUATION, "--lang", "en").stdout
    )


def test_identify_names_dataset_edition_share_and_columns(tmp_path: Path):
    shown = json.loads(run("identify", GOOD, "--format", "json").stdout)
    assert (shown["dataset"], shown["edition"], shown["share"]) == ("aed", "standard", 1.0)
    assert "AED設置箇所一覧" in run("identify", GOOD).stdout
    (tmp_path / "park.csv").write_text("公園名,場所\n見本公園,山下町\n", encoding="utf-8")
    none = run("identify", str(tmp_path / "park.csv"), "--format", "json")
    assert none.exit_code == 1 and json.loads(none.stdout)["dataset"] is None
    assert run("identify", str(tmp_path / "nowhere.csv")).exit_code == 2


def test_a_proposed_mapping_is_confirmed_once_and_honoured_by_the_commands(tmp_path: Path):
    own = tmp_path / "own.csv"
    own.write_text("施設の名前,ところ,子ども用\n見本館,鹿児島県鹿児島市山下町1-1,有\n", encoding="utf-8")
    assert run("check", str(own)).exit_code == 1
    mapping = tmp_path / "own.yaml"
    run("identify", str(own), "--dataset", "aed", "--propose", str(mapping))
    text = mapping.read_text(encoding="utf-8")
    assert "施設の名前: name" in text
    columns = "{施設の名前: name, ところ: address, 子ども用: child_equipment}"
    confirmed = f"dataset: aed\ncolumns: {columns}\nconstants: {{municipality_code: '462012'}}\n"
    mapping.write_text(confirmed, encoding="utf-8")
    checked = json.loads(run("check", str(own), "--mapping", str(mapping), "--format", "json").stdout)
    assert checked["dataset"] == "aed" and {c["how"] for c in checked["columns"]} == {"mapping"}
    out = tmp_path / "fixed.csv"
    assert run("repair", str(own), "--mapping", str(mapping), "-o", str(out)).exit_code == 0
    assert "462012" in out.read_text(encoding="utf-8-sig") and run("check", str(out)).exit_code == 0
    assert run("convert", str(own), "--mapping", str(mapping), "--to", "recommended", "-o", str(out)).exit_code == 0


def test_repair_writes_the_canonical_file_and_says_what_is_left(tmp_path: Path):
    source, out = tmp_path / "462012_aed.csv", tmp_path / "fixed.csv"
    rows = Path(GOOD).read_text(encoding="utf-8-sig").replace(",有,", ",○,").replace("31.5969", "３１.５９６９")
    source.write_bytes(rows.encode("cp932"))
    done = run("repair", str(source), "-o", str(out), "--diff")
    assert done.exit_code == 0 and "「○」→「有」" in done.stdout
    assert out.read_bytes().startswith(b"\xef\xbb\xbf") and b"\r\n" in out.read_bytes()
    assert json.loads(run("check", str(out), "--format", "json").stdout)["status"] == "success"
    again = tmp_path / "again.csv"
    run("repair", str(out), "-o", str(again), "--accept", "all")
    assert again.read_bytes() == out.read_bytes()


def test_accepted_repairs_are_kept_as_a_recipe_and_applied_again(tmp_path: Path):
    source, recipe = tmp_path / "a.csv", tmp_path / "recipe.yaml"
    source.write_text(Path(GOOD).read_text(encoding="utf-8-sig").replace(",有,", ",○,"), encoding="utf-8")
    kept = run("repair", str(source), "-o", str(tmp_path / "b.csv"), "--save-recipe", str(recipe), "--who", "見本")
    assert kept.exit_code == 0 and "○" in recipe.read_text(encoding="utf-8")
    again = run("repair", str(source), "-o", str(tmp_path / "c.csv"), "--recipe", str(recipe))
    assert again.exit_code == 0 and (tmp_path / "c.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_convert_names_its_losses_on_standard_error(tmp_path: Path):
    out = tmp_path / "recommended.csv"
    done = run("convert", GOOD, "--to", "recommended", "-o", str(out))
    assert done.exit_code == 0 and "連絡先メールアドレス" in done.stderr
    assert json.loads(run("identify", str(out), "--format", "json").stdout)["edition"] == "recommended"


def test_scan_finds_what_is_personal_and_leaves_contacts_alone(tmp_path: Path):
    assert run("scan", GOOD).exit_code == 0
    people = tmp_path / "people.csv"
    people.write_text("氏名,生年月日\n見本 太郎,1980-01-02\n見本 花子,1981-03-04\n", encoding="utf-8")
    found = run("scan", str(people), "--format", "json")
    assert found.exit_code == 1 and json.loads(found.stdout)["findings"]
    assert "1980-01-02" not in found.stdout
    assert run("scan", str(tmp_path / "nowhere.csv")).exit_code == 2


def test_merge_writes_one_table_per_dataset_and_accounts_for_every_row(tmp_path: Path):
    park = tmp_path / "park.csv"
    park.write_text("公園名,場所\n見本公園,山下町\n", encoding="utf-8")
    out = tmp_path / "merged"
    files = [str(DATA / "evacuation_space" / name) for name in ("standard.good.csv", "recommended.bad.csv")]
    done = run("merge", *files, GOOD, str(park), "-o", str(out), "--format", "json")
    shown = json.loads(done.stdout)
    assert done.exit_code == 1 and [left["code"] for left in shown["left"]] == ["no-standard-dataset"]
    evacuation = {entry["dataset"]: entry for entry in shown["datasets"]}["evacuation_space"]
    assert evacuation["rows_in"] == 6 == sum(evacuation[k] for k in ("accepted", "rejected", "duplicates", "withheld"))
    assert evacuation["rejected"] == 1
    endings = ("csv", "geojson", "parquet", "rejected.csv", "duplicates.csv")
    assert all((out / f"{dataset}.{ending}").is_file() for dataset in ("aed", "evacuation_space") for ending in endings)
    rows = (out / "evacuation_space.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len(rows) == 1 + evacuation["accepted"]
    assert json.loads((out / "evacuation_space.geojson").read_text(encoding="utf-8"))["type"] == "FeatureCollection"
    assert run("merge", str(tmp_path / "nowhere.csv"), "-o", str(out)).exit_code == 2


def test_definitions_index_says_whether_it_is_in_step():
    assert run("definitions", "index", "--check").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("chek", GOOD), "check"),
        (("check", GOOD, "--dataset", "aeds"), "aed"),
        (("check", GOOD, "--edition", "standard"), "--dataset"),
        (("check", GOOD, "--dataset", "aed", "--edition", "standard-99"), "standard, recommended"),
        (("check", GOOD, "--dataset", "parking"), "確認できていません"),
        (("check", GOOD, "--municipality", "46201"), "462012"),
        (("check", GOOD, "--mapping", "nowhere.yaml"), "nowhere.yaml"),
        (("check", GOOD, "--definitions", "nowhere"), "nowhere"),
        (("repair", GOOD), "--diff"),
        (("convert", GOOD, "--to", "nothing", "-o", "-"), "standard, recommended"),
        (("template", "aed", "-o", "/nowhere/x.xlsx"), "/nowhere/x.xlsx"),
        (("show", "eid"), "aed"),
    ],
)
def test_wrong_use_ends_with_2_and_says_what_to_do(arguments: tuple[str, ...], said: str):
    done = run(*arguments)
    assert done.exit_code == 2 and said in done.stderr


def test_a_folder_of_definitions_works_for_every_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from test_catalog import PARKS

    folder = tmp_path / "formats"
    folder.mkdir()
    (folder / "park.yaml").write_text(PARKS, encoding="utf-8")
    parks = tmp_path / "parks.csv"
    parks.write_text("団体コード,公園名,場所,遊具の数,駐車場\n462012,見本公園,山下町,3,有\n", encoding="utf-8")
    assert run("check", str(parks)).exit_code == 1
    shown = json.loads(run("check", str(parks), "--definitions", str(folder), "--format", "json").stdout)
    assert (shown["dataset"], shown["edition"], shown["status"]) == ("park", "common", "success")
    monkeypatch.setenv("RECOMMENDED_DATASETS_FOLDERS", str(folder))
    assert json.loads(run("identify", str(parks), "--format", "json").stdout)["dataset"] == "park"
    assert run("template", "park", "-o", str(tmp_path / "park.xlsx")).exit_code == 0
    assert "公園一覧" in run("list").stdout


def process(*arguments: str, **options: object) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "recommended_datasets", *arguments]
    return subprocess.run(command, capture_output=True, timeout=120, **options)  # type: ignore[call-overload]


def test_as_a_program_it_never_shows_a_traceback_and_closed_pipes_are_no_error():
    wrong = process("check", "nowhere.csv")
    assert wrong.returncode == 2 and b"Traceback" not in wrong.stderr
    assert process("--version").returncode == 0
    head = subprocess.run(
        f"{sys.executable} -m recommended_datasets show tourism | head -1", shell=True, capture_output=True, timeout=120
    )
    assert head.returncode == 0 and b"Traceback" not in head.stderr and b"Broken" not in head.stderr


def test_the_shell_completes_commands():
    words = {"COMP_WORDS": "recommended-datasets che", "COMP_CWORD": "1", "_RECOMMENDED_DATASETS_COMPLETE": "bash_complete"}
    code = "from recommended_datasets.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code], env={**os.environ, **words}, capture_output=True, timeout=120)
    assert done.stdout.decode().split() == ["plain,check"]


def test_an_internal_error_is_reported_without_a_traceback():
    code = (
        "import sys; from recommended_datasets import cli, checking\n"
        "def broken(*a, **k): raise RuntimeError('見本')\n"
        "checking.check_bytes = broken; sys.argv = ['recommended-datasets', 'check', 'x.csv']; cli.main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=120)
    assert done.returncode == 2 and b"Traceback" not in done.stderr and "内部エラー".encode() in done.stderr


def test_every_real_sample_is_checked_to_the_end(samples: Path):
    from test_matching import EXPECTED

    for path in sorted(samples.glob("*/*")):
        done = run("check", str(path), "--format", "json")
        report = json.loads(done.stdout)
        expected = EXPECTED[path.name]
        assert ((report["dataset"], report["edition"]) if report["dataset"] else None) == expected
        assert done.exit_code == (0 if report["status"] == "success" else 1)
