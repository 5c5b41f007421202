"""Every address of the application, slice by slice."""

from litestar import Router

from backend import demo_pages, openapi
from backend.accounts import pages as accounts
from backend.bodies import pages as bodies
from backend.checklists import pages as checklists
from backend.coverage import pages as coverage
from backend.findings import api as findings_api
from backend.findings import pages as findings
from backend.findings import pages_statistics as statistics
from backend.notices import pages as notices
from backend.overview import pages as overview
from backend.points import pages as points
from backend.rounds import pages as rounds
from backend.visits import api as visits_api
from backend.visits import pages as visits

ROUTERS: list[Router] = [
    bodies.router,
    accounts.router,
    points.router,
    checklists.router,
    rounds.router,
    coverage.router,
    visits.router,
    visits_api.router,
    overview.router,
    demo_pages.router,
    openapi.router,
    findings.router,
    findings_api.router,
    statistics.router,
    notices.router,
]
