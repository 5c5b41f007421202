"""Every address of rounds, module by module."""

from litestar import Router

from backend.rounds import (
    api,
    pages_duty,
    pages_feed,
    pages_proposal,
    pages_roster,
    pages_rounds,
    pages_route_form,
    pages_routes,
    pages_walk,
)

router = Router(
    "/",
    route_handlers=[
        *pages_proposal.HANDLERS,
        *pages_walk.HANDLERS,
        *api.HANDLERS,
        *pages_routes.HANDLERS,
        *pages_route_form.HANDLERS,
        *pages_rounds.HANDLERS,
        *pages_duty.HANDLERS,
        *pages_roster.HANDLERS,
        *pages_feed.HANDLERS,
    ],
)
