"""The application: FastAPI with the API's routes and the control routes, behind the gateway."""

from collections.abc import Callable

from fastapi import FastAPI

from . import control, routes
from .answers import add_error_handlers
from .gateway import Gateway
from .rules import Options
from .seed import Seed, plant
from .store import Store
from .traffic import Record


def create_app(store: Store, seed: Seed, key: str, on_answer: Callable[[Record], None]) -> Gateway:
    """Return the ASGI application on a store; a new store gets the content of the seed.

    `on_answer` is called with the record of each request to the API once it is answered or lost.
    """
    if store.is_new:
        plant(store, seed)
    # The routes themselves and not their routers: an included router is searched twice a request.
    every_route = [*routes.router.routes, *control.router.routes]
    # No pages of its own: a path that the API does not have answers as the API would.
    app = FastAPI(openapi_url=None, redirect_slashes=False, routes=every_route)
    add_error_handlers(app)
    gateway = Gateway(app, key, on_answer)
    app.state.backend = routes.Backend(store, Options())
    app.state.gateway = gateway
    app.state.seed = seed
    return gateway
