"""What every answer tells the browser: nothing runs here but our own files, nothing comes from elsewhere."""

from collections.abc import Mapping

from werkzeug.wrappers import Response

POLICY = "; ".join(
    (
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'",
        "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'",
    )
)  # fmt: skip
SECURITY: Mapping[str, str] = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    # With no-referrer a browser would send `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Frame-Options": "DENY",
}
STRICT_TRANSPORT = "max-age=31536000"


def secured(response: Response, *, https: bool) -> Response:
    """The same answer with all of it; what was not said to be kept is not kept."""
    for name, value in SECURITY.items():
        response.headers[name] = value
    if https:
        response.headers["Strict-Transport-Security"] = STRICT_TRANSPORT
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.setdefault("Vary", "Cookie, HX-Request")
    return response
