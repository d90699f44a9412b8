"""The action server as a process of its own: loads a site's actions, says what it found, and serves them.

    python -P -m bot.actions.program SITE --report FD [--listen FD --parent FD --of PID]

The only module that imports rasa-sdk. Without `--listen` it only reports, for `parlour check`; with it, it serves once
it is answered where it reported. It ends with its parent, however that ends: on Linux the kernel sees to it, and a pipe
that the parent holds open tells it elsewhere.
"""

import argparse
import asyncio
import ctypes
import hmac
import importlib
import inspect
import json
import logging
import os
import signal
import socket
import sys
import threading
import traceback
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot.actions.files import FOLDER, action_files
from bot.logs import set_up_logs

_DIE_WITH_PARENT = 1
"""PR_SET_PDEATHSIG of Linux."""
LONGEST_WORDS = 300
SECRET = "PARLOUR_ACTIONS_SECRET"
"""The variable with what a request must bring along."""


def main() -> None:
    """Loads, reports, serves."""
    options = argparse.ArgumentParser(prog="bot.actions.program", description=__doc__)
    options.add_argument("site", type=Path)
    options.add_argument("--report", type=int, required=True)
    options.add_argument("--listen", type=int)
    options.add_argument("--parent", type=int)
    options.add_argument("--of", type=int)
    given = options.parse_args()
    if given.parent is not None:
        _end_with(given.parent, given.of)
    set_up_logs()
    logging.getLogger().setLevel(logging.WARNING)
    executor, report = load(given.site)
    app = _app_of(executor) if given.listen is not None else None
    with os.fdopen(given.report, "w", encoding="utf-8", closefd=False) as line:
        line.write(json.dumps(report) + "\n")
    if app is not None and os.read(given.report, 1):  # What ran before may go on instead.
        asyncio.run(_serve_until_told(app, socket.socket(fileno=given.listen)))


def load(site: Path) -> tuple[Any, dict[str, Any]]:
    """Returns an executor with the actions of the files that can be loaded, and what was found in all of them.

    rasa-sdk's own way would end the process with the first file that cannot be imported, and would take every action
    that is alive in the process, whoever wrote it.
    """
    from rasa_sdk.executor import ActionExecutor

    executor = ActionExecutor()
    report: dict[str, Any] = {"actions": {}, "problems": []}
    sys.path.insert(0, str(site.resolve()))
    sys.dont_write_bytecode = True  # The site's folder is the site's.
    if not (site / FOLDER / "__init__.py").is_file():
        package = types.ModuleType(FOLDER)
        package.__path__ = [str((site / FOLDER).resolve())]
        sys.modules[FOLDER] = package
    for name, _ in action_files(site):
        try:
            module = importlib.import_module(_module_name(name))
        except KeyboardInterrupt:
            raise
        except BaseException as problem:  # A file may do anything, ending the process too.
            report["problems"].append([*_where(problem, site, name), _words(problem)])
            continue
        for class_ in _actions_of(module):
            _register(class_, executor, report, file=name, site=site)
    return executor, report


def _module_name(file: str) -> str:
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _actions_of(module: types.ModuleType) -> Iterator[type]:
    from rasa_sdk import Action

    for class_ in list(vars(module).values()):
        own = inspect.isclass(class_) and class_.__module__ == module.__name__
        if own and issubclass(class_, Action) and not inspect.isabstract(class_):
            yield class_


def _register(class_: type, executor: Any, report: dict[str, Any], *, file: str, site: Path) -> None:
    line = inspect.getsourcelines(class_)[1]
    try:
        action: Any = class_()
        name = action.name()
        if name in report["actions"]:
            first = report["actions"][name]
            report["problems"].append([file, line, f"the action '{name}' is there already ({first[0]}:{first[1]})"])
            return
        executor.register_action(action)
    except NotImplementedError:
        if not class_.__subclasses__():  # Else it is what others have in common.
            report["problems"].append([file, line, f"{class_.__name__} has no name: write  def name(self)  in it"])
    except Exception as problem:
        report["problems"].append([*_where(problem, site, file, line), f"{class_.__name__}: {_words(problem)}"])
    else:
        report["actions"][name] = [file, line]


def _where(problem: BaseException, site: Path, file: str, line: int = 1) -> tuple[str, int]:
    """Returns the place in the site's files that is nearest to the problem."""
    places = [(frame.filename, frame.lineno or 1) for frame in traceback.extract_tb(problem.__traceback__)]
    if isinstance(problem, SyntaxError) and problem.filename:
        places.append((problem.filename, problem.lineno or 1))
    root = site.resolve()
    inside = [(Path(name).resolve(), at) for name, at in places if Path(name).resolve().is_relative_to(root / FOLDER)]
    return (inside[-1][0].relative_to(root).as_posix(), inside[-1][1]) if inside else (file, line)


def _words(problem: BaseException) -> str:
    if isinstance(problem, SystemExit):
        return "it ends the program while it is loaded"
    said = problem.msg if isinstance(problem, SyntaxError) else str(problem)
    words = " ".join(said.split()) or type(problem).__name__
    return words[:LONGEST_WORDS]


def _app_of(executor: Any) -> Any:
    """Returns what serves actions as rasa-sdk does."""
    from rasa_sdk import endpoint

    app = endpoint.create_app(executor, cors_origins=[])
    app.config.KEEP_ALIVE = False  # A connection that is left at the end then waits for an answer.
    secret = os.environ.pop(SECRET, "")

    @app.on_request
    async def only_the_server(request: Any) -> Any:
        # Loopback is open to every program and every page in a browser on this computer.
        if not hmac.compare_digest(request.token or "", secret):
            return endpoint.response.json({"error": "This action server belongs to a running Parlour."}, status=403)
        return None

    os.environ["SANIC_IGNORE_PRODUCTION_WARNING"] = "1"  # At a terminal it would advise to serve in another way.
    app.setup_loop()
    return app


async def _serve_until_told(app: Any, listener: socket.socket) -> None:
    """Serves on a socket that is listening already, and ends once everything is answered that was taken from it.

    Sanic's own end goes on taking for a moment, and closes what it has taken and not read. What nobody took waits in
    the socket for the next process. Who told it to end does not wait for ever.
    """
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    later = {"start_serving": False}  # Not before it knows its routes.
    server = await app.create_server(
        sock=listener, access_log=False, return_asyncio_server=True, asyncio_server_kwargs=later
    )
    await server.startup()
    await server.start_serving()
    await told.wait()
    server.server.close()
    await asyncio.sleep(0.02)  # The last one taken is among the connections only after a turn of the loop.
    while server.connections:
        await asyncio.sleep(0.02)


def _end_with(pipe: int, parent: int | None) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    if parent is not None and os.getppid() != parent:
        os._exit(1)  # It ended before it could be watched.
    threading.Thread(target=_wait_for_end, args=(pipe,), daemon=True).start()


def _wait_for_end(pipe: int) -> None:
    os.read(pipe, 1)
    os._exit(0)


if __name__ == "__main__":
    main()
