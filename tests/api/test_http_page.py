import pytest

from tests.api.browsing import browser
from tests.api.finished import finish_backtest
from tests.factories import STRANGER


async def test_a_download_is_handed_out_to_its_owner(http, app):
    run = await finish_backtest(app)

    answer = await http.get(f"/downloads/results/{run.job_id}/1/orders.csv")

    assert (answer.status_code, answer.content) == (200, b"date,side")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    name = f"{str(run.job_id)[:8]}-orders.csv"
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "results/{job}/1/nothing.csv",
        "results/{job}/2/orders.csv",
        "results/{job}/1/%2e%2e/orders.csv",
        "results/{job}/1/..%2f..%2forders.csv",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "results/{job}/1/",
        "results/{job}",
        "panels/secret.parquet",
        "results/{job}/1/orders.csv%00",
        "",
    ],
)
async def test_any_other_download_is_not_found(http, app, path):
    run = await finish_backtest(app)

    answer = await http.get(f"http://127.0.0.1:8000/downloads/{path.format(job=run.job_id)}")

    assert answer.status_code == 404


async def test_another_owners_download_is_not_found(http, app):
    run = await finish_backtest(app, owner_id=STRANGER)

    answer = await http.get(f"/downloads/results/{run.job_id}/1/orders.csv")

    assert answer.status_code == 404


@pytest.mark.parametrize("path", ["/", "/backtests", "/backtests/new", "/backtests/backtest_1"])
async def test_every_route_of_the_client_is_its_document(http, path):
    answer = await http.get(path)

    assert answer.status_code == 200
    assert "Potential Parakeet" in answer.text
    assert answer.headers["cache-control"] == "no-cache"
    assert "script-src 'self';" in answer.headers["content-security-policy"]


async def test_the_playground_alone_has_the_wider_policy(http):
    page, playground = await http.get("/"), await http.get("/playground")

    assert "Playground" in playground.text
    assert "worker-src 'self' blob:" in playground.headers["content-security-policy"]
    assert "unsafe" not in page.headers["content-security-policy"]
    assert "require-trusted-types-for 'script'" in page.headers["content-security-policy"]
    assert "worker-src" not in page.headers["content-security-policy"]


async def test_hashed_files_are_kept_for_ever_and_compressed(http):
    answer = await http.get("/assets/main-1a2b.js", headers={"accept-encoding": "gzip"})
    picture = await http.get("/parakeet.svg")

    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-encoding"] == "gzip"
    assert picture.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["/assets/gone.js", "/gone.png", "/%2e%2e/secret.txt"])
async def test_a_missing_file_is_not_the_page(http, path):
    assert (await http.get(path)).status_code == 404


async def test_without_a_build_the_page_says_how_to_make_one(app, tmp_path):
    async with browser(app, tmp_path / "nowhere") as http:
        answer = await http.get("/")

    assert answer.status_code == 503
    assert "make run" in answer.text
