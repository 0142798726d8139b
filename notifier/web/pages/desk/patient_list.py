"""The list of patients and the search: what was asked for is kept here, and its address says nothing of it."""

from __future__ import annotations

import io
from contextlib import suppress
from typing import Final

from starlette.responses import Response

from notifier.db.engine import writing
from notifier.domain.refused import Refused
from notifier.domain.search_words import FoundBy
from notifier.domain.states import EnrollmentState
from notifier.oversight.patient_list import MOST_LISTED, PatientPage, PatientQuery, patient_page, providers
from notifier.oversight.patient_table import write_patients
from notifier.oversight.stored_searches import keep_search, kept_search
from notifier.web.view import Page, View, redirect

_LONGEST: Final = 120
_SURE: Final = (FoundBy.NAME, FoundBy.EXTERNAL_ID)


def show_all(view: View) -> Response:
    """Every patient."""
    return _show(view, PatientQuery(), "/patients")


def find(view: View) -> Response:
    """Keep what was asked for, and look at it: Back then finds the page again.

    Where there is one patient whom it can only mean, that is the patient's page.
    """
    query = _query(view)
    if query == PatientQuery():
        return redirect("/patients")
    if (whose := _only_one(view, query)) is not None:
        return redirect(f"/patients/{whose}")
    with writing(view.context.engine) as session:
        token = keep_search(session, view.who.staff_id, query, now=view.now)
    return redirect(f"/found/{token}")


def show_found(view: View) -> Response:
    """Who was found, a page at a time; everybody where what was looked for is not kept any more."""
    query = _kept(view)
    return _show(view, query, view.request.url.path) if query else redirect("/patients")


def download_all(view: View) -> Response:
    """The whole list as a file."""
    return _download(view, PatientQuery())


def download_found(view: View) -> Response:
    """Who was found, as a file."""
    query = _kept(view)
    return _download(view, query) if query else redirect("/patients")


def _show(view: View, query: PatientQuery, here: str) -> Response:
    number = view.request.query_params.get("page", "")
    refused, choices = None, []
    with view.context.visible_session() as session:
        choices = providers(session)
        try:
            page = patient_page(session, query, _page_number(number))
        except Refused as why:
            refused, page = str(why), PatientPage((), 0, 1, 1)
    return view.page(
        "patients.html",
        about="patients" if query == PatientQuery() else "search",
        query=query,
        page=page,
        refused=refused,
        providers=choices,
        states=list(EnrollmentState),
        address=here,
        FoundBy=FoundBy,
    )


def _page_number(said: str) -> int:
    return int(said) if said.isascii() and said.isdigit() and len(said) < 7 else 1


def _download(view: View, query: PatientQuery) -> Response:
    with view.context.visible_session() as session:
        page = patient_page(session, query, size=MOST_LISTED)
    view.saw("patients as a file", *(one.enrollment.id or 0 for one in page.lines))
    out = io.StringIO()
    write_patients(out, page.lines, view.context.zone)
    named = {"Content-Disposition": 'attachment; filename="patients.csv"'}
    return Response("\ufeff" + out.getvalue(), media_type="text/csv; charset=utf-8", headers=named)


def _query(view: View) -> PatientQuery:
    state = view.field("state")
    return PatientQuery(
        words=" ".join(view.field("who").split())[:_LONGEST],
        state=EnrollmentState(state) if state in list(EnrollmentState) else None,
        protocol=view.field("protocol")[:60] or None,
        provider=view.field("provider")[:60] or None,
        office=view.field("office")[:40] or None,
        unread=view.field("unread") == "yes",
    )


def _only_one(view: View, query: PatientQuery) -> int | None:
    """The one who is meant: by name or own id, or by the last digits. A part from within a number may be another's."""
    if not query.words or query != PatientQuery(query.words):
        return None
    with view.context.visible_session() as session, suppress(Refused):
        found = patient_page(session, query, size=2)
        if found.many == 1:
            (line,) = found.lines
            digits = "".join(one for one in query.words if one in "0123456789")
            is_last = line.found_by is FoundBy.NUMBER and line.enrollment.phone.endswith(digits[-10:])
            return line.enrollment.id if line.found_by in _SURE or is_last else None
    return None


def _kept(view: View) -> PatientQuery | None:
    """None where this person looked for nothing by that address, or too long ago."""
    with view.context.visible_session() as session:
        return kept_search(session, str(view.request.path_params["search"]), view.who.staff_id, now=view.now)


PAGES = (
    Page("GET", "/patients", show_all),
    Page("GET", "/patients.csv", download_all),
    Page("POST", "/find", find),
    Page("GET", "/found/{search}", show_found),
    Page("GET", "/found/{search}/patients.csv", download_found),
)
