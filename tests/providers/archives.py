"""Publishers of tables: Ken French, the ECB, the Reserve Bank, and a list of index members."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from tests.providers.loopback import Answer, Asked, serving
from tests.providers.market import Scenario

FRENCH = "/pages/faculty/ken.french/ftp/"
RBA = "/statistics/tables/csv/"
ECB = "/stats/eurofxref/eurofxref-hist.zip"
FRENCH_HEAD = (
    "This file was created using the 202409 CRSP database.\r\n"
    "The 1-month TBill rate data until 202405 are from Ibbotson Associates. Starting from "
    "202406, the 1-month TBill rate is from ICE BofA US 1-Month Treasury Bill Index.\r\n\r\n"
)
FRENCH_FOOT = "\r\n\r\nCopyright 2024 Eugene F. Fama and Kenneth R. French\r\n"


@dataclass
class Tables:
    """What the publishers have: percent by factor and period, euro fixings, members."""

    factors: Mapping[str, Mapping[str, Sequence[float]]] = field(default_factory=dict)
    fixings: Mapping[date, Mapping[str, float]] = field(default_factory=dict)
    membership: Mapping[str, Sequence[str]] = field(default_factory=dict)  # by ISO date
    cash_rates: Mapping[date, float | None] = field(default_factory=dict)  # percent by day
    cash_averages: Mapping[date, float] = field(default_factory=dict)  # percent by end of month


def french_table(columns: Sequence[str], rows: Mapping[str, Sequence[float]]) -> str:
    """Return a table in the library's own words: by period, then (for months) by year."""
    head = "," + ",".join(columns)
    lines = [f"{period},{','.join(f'{x:8.2f}' for x in row)}" for period, row in rows.items()]
    yearly = ""
    if all(len(period) == 6 for period in rows):
        years = [f"  1927,{','.join(f'{29.47:8.2f}' for _ in columns)}"]
        yearly = "\r\n\r\n Annual Factors: January-December \r\n" + "\r\n".join([head, *years])
    return FRENCH_HEAD + "\r\n".join([head, *lines]) + yearly + FRENCH_FOOT


def zipped(name: str, text: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, text)
    return content.getvalue()


def fake_archives(scenario: Scenario, tables: Tables):
    """Serve them all on one address: ``async with fake_archives(scenario, tables) as fake``.

    The membership list is at ``/membership.csv``. The scenario's faults go by the last part of
    the path, such as ``eurofxref-hist.zip``.
    """
    return serving(lambda asked: _respond(scenario, tables, asked))


def _respond(scenario: Scenario, tables: Tables, asked: Asked) -> Answer:
    name = asked.path.rpartition("/")[2]
    return scenario.spoil(name, _well(tables, asked.path, name))


def _well(tables: Tables, path: str, name: str) -> Answer:
    found = Answer(headers={"content-type": "application/zip"})
    if path == ECB:
        return replace(found, body=zipped("eurofxref-hist.csv", ecb_table(tables.fixings)))
    if path == f"{FRENCH}{name}" and name in tables.factors:
        columns = COLUMNS["5_Factors" in name]
        text = french_table(columns, tables.factors[name])
        return replace(found, body=zipped(name.replace("_CSV.zip", ".csv"), text))
    if path == f"{RBA}f1-data.csv" and tables.cash_rates:
        return Answer(body=rba_days(tables.cash_rates))
    if path == f"{RBA}f1.1-data.csv" and tables.cash_rates:
        return Answer(body=rba_months(tables.cash_averages))
    if path == "/membership.csv":
        return Answer(body=membership_csv(tables.membership).encode())
    return Answer(status=404, body=b"<html>Not Found</html>")


COLUMNS = {
    False: ("Mkt-RF", "SMB", "HML", "RF"),
    True: ("Mkt-RF", "SMB", "HML", "RMW", "CMA", "RF"),
}


def ecb_table(fixings: Mapping[date, Mapping[str, float]]) -> str:
    """Return the fixings as the ECB writes them: latest first, and a comma at each line's end."""
    lines = ["Date,USD,JPY,BGN,AUD,ZAR,"]
    for day in sorted(fixings, reverse=True):
        rates = [str(fixings[day].get(code, "N/A")) for code in ("USD", "JPY", "BGN", "AUD", "ZAR")]
        lines.append(f"{day},{','.join(rates)},")
    return "\n".join(lines) + "\n"


def rba_days(rates: Mapping[date, float | None]) -> bytes:
    """Return table F1 as the Reserve Bank writes it; the newest day's cell is empty at first."""
    lines = [
        "F1 INTEREST RATES AND YIELDS \N{EN DASH} MONEY MARKET",
        "Title,Cash Rate Target,Change in the Cash Rate Target,Interbank Overnight Cash Rate",
        'Description,Cash Rate Target on date,Change in the Cash Rate Target,"Overnight, mean"',
        "Frequency,Daily,as announced,Daily",
        "Type,Original,Original,Original",
        "Units,Per cent,Per cent,Per cent",
        ",,,",
        ",,,",
        "Source,RBA,RBA,RBA",
        "Publication date,01-Jul-2024,01-Jul-2024,01-Jul-2024",
        "Series ID,FIRMMCRTD,FIRMMCCRT,FIRMMCRID",
        *(f"{day:%d-%b-%Y},{'' if r is None else f'{r:.2f}'},,9.99" for day, r in rates.items()),
    ]
    return "\r\n".join(lines).encode("cp1252")


def rba_months(averages: Mapping[date, float]) -> bytes:
    """Return table F1.1 as the bank writes it: a mark of UTF-8, months by their last day."""
    lines = [
        "F1.1 INTEREST RATES AND YIELDS \N{EN DASH} MONEY MARKET",
        "Title,Cash Rate Target,3-month BABs/NCDs",
        "Description,Cash Rate Target; monthly average,Bank Accepted Bills; monthly average",
        "Frequency,Monthly,Monthly",
        "Type,Original,Original",
        "Units,Per cent,Per cent",
        "",
        "",
        "Source,RBA,ASX",
        "Publication date,01-Jul-2024,01-Jul-2024",
        "Series ID,FIRMMCRT,FIRMMBAB90",
        "30/06/1969,,5.10",
        *(f"{day:%d/%m/%Y},{rate:.2f},9.99" for day, rate in averages.items()),
        "",
    ]
    return "\n".join(lines).encode("utf-8-sig")


def membership_csv(membership: Mapping[str, Sequence[str]]) -> str:
    """Return members by date of change: ``date,tickers`` with the tickers in quotes."""
    lines = ["date,tickers"]
    lines += [f'{day},"{",".join(members)}"' for day, members in membership.items()]
    return "\n".join(lines) + "\n"
