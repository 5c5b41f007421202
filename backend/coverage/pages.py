"""Every address of coverage, module by module."""

from litestar import Router

from backend.coverage import (
    pages_blind,
    pages_heat,
    pages_history,
    pages_map,
    pages_numbers,
    pages_numbers_export,
    pages_plan,
    pages_stops,
)

router = Router(
    "/",
    route_handlers=[
        *pages_blind.HANDLERS,
        *pages_heat.HANDLERS,
        *pages_history.HANDLERS,
        *pages_map.HANDLERS,
        *pages_numbers.HANDLERS,
        *pages_numbers_export.HANDLERS,
        *pages_plan.HANDLERS,
        *pages_stops.HANDLERS,
    ],
)
