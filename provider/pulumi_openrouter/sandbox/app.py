"""The application: FastAPI with the API's routes and the control routes, behind the gateway.

It answers every error in the API's shape, also what FastAPI refuses by itself: unknown paths,
methods that a path does not have, and bodies that are not valid.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match, Route

from pulumi_openrouter.sandbox.control import ROUTES, Control
from pulumi_openrouter.sandbox.gateway import Gateway
from pulumi_openrouter.sandbox.refusals import Refusal, error_body, invalid_request
from pulumi_openrouter.sandbox.routes import router
from pulumi_openrouter.sandbox.seed import Seed, plant
from pulumi_openrouter.sandbox.store import Store
from pulumi_openrouter.sandbox.traffic import Record


def create_app(
    store: Store, seed: Seed, key: str, on_answer: Callable[[Record], None] = lambda _: None
) -> Control:
    """Return the control of a new application on a store; its `gateway` serves the requests.

    A new store gets the content of the seed.
    """
    if store.is_new:
        plant(store, seed)
    # The routes themselves and not their router, because an included router is searched twice a
    # request. There are no pages of FastAPI's own, so that a path which the API does not have
    # answers as the API would.
    app = FastAPI(openapi_url=None, redirect_slashes=False, routes=[*router.routes, *ROUTES])
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _failed)
    app.state.store = store
    app.state.control = control = Control(Gateway(app, key, store.save, on_answer), store, seed)
    return control


async def _refused(_request: Request, error: Any) -> JSONResponse:
    return JSONResponse(error_body(error.status, error.message), error.status)


async def _invalid(request: Request, error: Any) -> JSONResponse:
    return await _refused(request, invalid_request(error.errors()))


async def _http_error(request: Request, error: Any) -> JSONResponse:
    what = f"{request.method} {request.url.path}"
    words = {404: f"No such endpoint: {what}", 405: f"Method not allowed: {what}"}
    message = words.get(error.status_code, str(error.detail))
    headers = error.headers
    if error.status_code == 405:
        # Starlette's own Allow names only the first route of a path.
        headers = {"Allow": ", ".join(_methods_of_path(request))}
    return JSONResponse(error_body(error.status_code, message), error.status_code, headers)


def _methods_of_path(request: Request) -> list[str]:
    routes = [route for route in request.app.routes if isinstance(route, Route)]
    found = [route for route in routes if route.matches(request.scope)[0] is not Match.NONE]
    return sorted({method for route in found for method in route.methods or ()})


async def _failed(_request: Request, _error: Exception) -> JSONResponse:
    # The server prints the traceback: this is a defect of the sandbox.
    return JSONResponse(error_body(500, "Internal Server Error"), 500)
