"""Signing in and out, and the page for the first account: accounts behind pages.

Flask-Security draws and checks the forms over accounts of our own (`web/accounts/`). What a session may do is asked
of the sign-in's row each time, so a cookie outlives nothing.
"""

import re
import time
from collections.abc import Callable, Collection
from datetime import timedelta
from typing import Any, cast

import structlog
from flask import Blueprint, Flask, Request, Response, abort, g, redirect, render_template, request, session
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from flask.typing import ResponseReturnValue
from flask_login import user_logged_out
from flask_security import LoginForm, Security, UserMixin, login_user, user_authenticated
from flask_security.datastore import UserDatastore
from flask_security.forms import Form
from flask_wtf.csrf import CSRFError, CSRFProtect
from wtforms import StringField
from wtforms.validators import DataRequired, ValidationError

from web.accounts import Account, Accounts, CannotAdd, normal_email
from web.audience import SignedIn, audience, declare
from web.errors import NotAllowed, Refusal
from web.limits import Limits, address_of
from web.origins import asks_for_this_computer, came_through_a_proxy, is_loopback
from web.tokens import from_subprotocol

log = structlog.get_logger()

SIGN_IN_PAGE = "security.login"
PANEL = "/panel/"
SLOWED_BY = 2.0
"""Seconds that each further try for a name waits when many failed from anywhere."""
_DOES_NOT_FIT = "That e-mail address and password do not go together. Check both and try again."
_PATH = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")

_NEVER_ASK_AGAIN = timedelta(seconds=-1)

Departments = Callable[[], Collection[str]]


class NotAForm(Refusal):
    """Signing in is a form, and read as one."""

    status = 415
    code = "not_a_form"
    words = "Send a form."


class HttpsNeeded(Refusal):
    """Somebody would send a password where others can read it."""

    status = 403
    code = "https_needed"
    words = (
        "Signing in over plain HTTP is possible on this computer only. Put a proxy with a certificate before Parlour, "
        "start Parlour with --trusted-proxies 1, and open its https:// address."
    )


class FormTooOld(NotAllowed):
    code = "csrf"
    words = "This page was open for too long, or in another window somebody else signed in. Load it again."


class SignIn:
    """Everything about sessions that the app and its gate need."""

    def __init__(
        self,
        app: Flask,
        accounts: Accounts,
        limits: Limits,
        *,
        departments: Departments = tuple,
        pause: Callable[[float], None] = time.sleep,
    ):
        """Adds the pages to the app.

        The app must have its secret key. `departments` are those the first account works in: all of them.
        """
        self._accounts = accounts
        self._csrf = CSRFProtect()
        _configure(app)
        self._csrf.init_app(app)
        app.session_interface = _Sessions()
        form = type("SignInForm", (_SignInForm,), {"tries": _Tries(accounts, limits, pause)})
        security = Security(app, _People(accounts), login_form=form)
        security.want_json(lambda _: False)
        # No tokens in addresses and bodies, and no look at the session in each request: the gate asks when it must.
        security.login_manager.request_loader(lambda _: _person(accounts))
        security.login_manager.user_loader(lambda _: _person(accounts))
        security.principal.identity_loaders.clear()
        app.after_request_funcs[None].remove(security.login_manager._update_remember_cookie)
        user_authenticated.connect(self._begin, app, weak=False)
        user_logged_out.connect(self._end, app, weak=False)
        for endpoint in ("security.login", "security.logout"):
            declare(app, endpoint, "public")
        app.register_blueprint(_pages(accounts, departments))
        app.before_request(_refuse_to_be_overheard)
        app.before_request(_refuse_what_is_no_form)
        app.after_request(_stay_here)

    def signed_in(self) -> SignedIn | None:
        """Returns who makes the current request by their session, if that still holds."""
        return _signed_in(self._accounts)

    def protect(self) -> None:
        """Raises FormTooOld when the current request lacks the token of its session's forms."""
        try:
            self._csrf.protect()
        except CSRFError:
            raise FormTooOld from None

    def has_ticket(self, asked: Request, agent: SignedIn) -> bool:
        """Says whether a socket brings an unused ticket of this sign-in, and uses it up."""
        return self._accounts.redeem_ticket(from_subprotocol(asked, "tic"), agent.stamp)

    def _begin(self, _: Flask, user: "_Person", **__: Any) -> None:
        # Nothing of the session before survives, so that nobody can be given one to sign in with.
        kept = {name: session[name] for name in ("_user_id", "_fresh", "_id", "fs_paa") if name in session}
        session.clear()
        g.pop("csrf_token", None)
        session.update(kept)
        stays = g.pop("stay_signed_in", False)
        session["sign_in"] = self._accounts.begin(user.account.id, stays=stays)
        session.permanent = stays
        log.info("account.signed_in", agent=user.account.agent_id, address=address_of(request))

    def _end(self, _: Flask, **__: Any) -> None:
        agent = self.signed_in()
        if agent is not None:
            self._accounts.end(agent.stamp)
            log.info("account.signed_out", agent=agent.agent_id)
        session.clear()


def is_private(asked: Request) -> bool:
    """Says whether nobody on the way can read this request: HTTPS, or it never leaves this computer."""
    if asked.is_secure:
        return True
    behind_stranger = came_through_a_proxy(asked) and "werkzeug.proxy_fix.orig" not in asked.environ
    return is_loopback(asked.remote_addr or "") and asks_for_this_computer(asked) and not behind_stranger


def is_path_here(target: str) -> bool:
    """Says whether this is a path on our own site and nothing a browser reads as an address elsewhere."""
    return _PATH.fullmatch(target) is not None


def _configure(app: Flask) -> None:
    app.config.update(
        SECURITY_URL_PREFIX="/panel",
        SECURITY_LOGIN_URL="/login",
        SECURITY_LOGOUT_URL="/logout",
        SECURITY_LOGOUT_METHODS=["POST"],
        SECURITY_POST_LOGIN_VIEW=PANEL,
        SECURITY_POST_LOGOUT_VIEW="/panel/login",
        SECURITY_STATIC_FOLDER=None,
        SECURITY_FRESHNESS=_NEVER_ASK_AGAIN,
        SECURITY_FLASH_MESSAGES=False,
        SECURITY_PASSWORD_SCHEMES=["argon2"],
        SECURITY_CLI_USERS_NAME=None,
        SECURITY_CLI_ROLES_NAME=None,
        # The gate protects by audience; a form is good as long as its session, and Origin is looked at, not Referer.
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,
    )


class _Sessions(SecureCookieSessionInterface):
    """A cookie that no other host can set where there is HTTPS, and none at all where others could read it."""

    def open_session(self, app: Flask, request: Request) -> Any:
        return super().open_session(app, request) if is_private(request) else self.session_class()

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if is_private(request):
            super().save_session(app, session, response)

    def get_cookie_name(self, app: Flask) -> str:
        return "__Host-parlour" if request.is_secure else "parlour"

    def get_cookie_secure(self, app: Flask) -> bool:
        return request.is_secure

    def get_cookie_httponly(self, app: Flask) -> bool:
        return True

    def get_cookie_samesite(self, app: Flask) -> str:
        return "Lax"

    def get_cookie_domain(self, app: Flask) -> None:
        return None

    def get_cookie_path(self, app: Flask) -> str:
        return "/"


class _Person(UserMixin):
    """An account, as Flask-Security asks about it."""

    def __init__(self, account: Account):
        self.account = account
        self.roles = []  # What a role may do is the gate's to say.
        self.email = account.email
        self.password = account.password
        self.active = account.active
        self.fs_uniquifier = account.id


class _People(UserDatastore):
    """Finds accounts for Flask-Security, which changes none."""

    def __init__(self, accounts: Accounts):
        super().__init__(cast(Any, type("_Kind", (), {"fs_uniquifier": ""})), cast(Any, None))
        self._accounts = accounts

    def find_user(self, case_insensitive: bool = False, **wanted: Any) -> Any:
        account = self._accounts.find(wanted["email"]) if "email" in wanted else None
        return _Person(account) if account else None

    def commit(self) -> None:
        """Says that nothing is left to write."""


def _has_at(_: Form, email: StringField) -> None:
    # Nobody has such an address: to say so tells nothing of who could get in, and no try is counted.
    if "@" not in normal_email(email.data or ""):
        raise ValidationError("@")  # The page has the words.


class _SignInForm(LoginForm):
    """The sign-in form: who does not get in learns nothing about who could."""

    email = StringField(validators=[DataRequired(), _has_at])
    tries: "_Tries"

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if not is_path_here(self.next.data or ""):
            self.next.data = ""

    def validate(self, **kwargs: Any) -> bool:
        if not Form.validate(self, **kwargs):
            return False
        account = self.tries.account_for(self.email.data or "", self.password.data or "", address=address_of(request))
        if account is None:
            self.form_errors.append(_DOES_NOT_FIT)
            return False
        self.user = _Person(account)
        # Our own session stays, not a second cookie of Flask-Login's.
        g.stay_signed_in = bool(self.remember.data)
        self.remember.data = False
        return True


class _Tries:
    """Counts tries to sign in, and slows down who guesses without shutting out whom they guess at."""

    def __init__(self, accounts: Accounts, limits: Limits, pause: Callable[[float], None]):
        self._accounts = accounts
        self._limits = limits
        self._pause = pause

    def account_for(self, email: str, password: str, *, address: str) -> Account | None:
        """Returns the account, if address and password go together; raises TooMany for one who tries too often."""
        name = normal_email(email)[:254]
        self._limits.take("sign_in", address)
        # Counted before the slow comparison, so that tries made at once are counted as well, and given back if it fits.
        self._limits.take("sign_in_pair", name, address)
        if self._limits.is_over("sign_in_name", name):
            log.warning("sign_in.many_failed", address=address)
            self._pause(SLOWED_BY)
        self._limits.count("sign_in_name", name)
        account = self._accounts.find(name)
        if self._accounts.matches(account, password):
            self._limits.give_back("sign_in_pair", name, address)
            self._limits.give_back("sign_in_name", name)
            return account
        log.info("sign_in.failed", agent=account.agent_id if account else "unknown", address=address)
        return None


def _pages(accounts: Accounts, departments: Departments) -> Blueprint:
    pages = Blueprint("accounts", __name__, url_prefix="/panel")

    @pages.route("/first/<secret>", methods=["GET", "POST"])
    @audience("public")
    def first(secret: str) -> ResponseReturnValue:
        if not accounts.is_invited(secret):
            return render_template("accounts/first_run_over.html"), 404
        if request.method == "GET":
            return render_template("accounts/first_run.html", values={}, errors={})
        values = {name: request.form.get(name, "") for name in ("name", "email")}
        try:
            given = {**values, "password": request.form.get("password", "")}
            accounts.accept_invitation(secret, departments=departments(), **given)
        except CannotAdd as problem:
            if "link" in problem.problems:
                return render_template("accounts/first_run_over.html"), 404
            return render_template("accounts/first_run.html", values=values, errors=problem.problems), 422
        account = accounts.find(values["email"]) or abort(404)
        login_user(cast(Any, _Person(account)), remember=False, authn_via=["invitation"])
        return redirect(PANEL, 303)

    return pages


def _signed_in(accounts: Accounts) -> SignedIn | None:
    if "signed_in" not in g:
        g.signed_in = accounts.signed_in(session.get("sign_in"))
    return cast(SignedIn | None, g.signed_in)


def _person(accounts: Accounts) -> _Person | None:
    agent = _signed_in(accounts)
    account = accounts.get(agent.account_id) if agent else None
    return _Person(account) if account else None


def _refuse_to_be_overheard() -> None:
    if request.blueprint in ("security", "accounts") and not is_private(request):
        raise HttpsNeeded


def _refuse_what_is_no_form() -> None:
    if request.blueprint in ("security", "accounts") and request.is_json:
        raise NotAForm


def _stay_here(answer: Response) -> Response:
    # Whatever `next` said: from signing in and out nobody is sent anywhere but to a path of ours.
    if request.blueprint in ("security", "accounts") and "Location" in answer.headers:
        if not is_path_here(answer.headers["Location"]):
            answer.headers["Location"] = PANEL
        if request.endpoint == "security.logout":
            answer.headers["Clear-Site-Data"] = '"storage"'
    return answer
