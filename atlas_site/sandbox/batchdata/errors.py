"""The vendor's error answers: HTTP status and the same code in the body's ``status``."""

from http import HTTPStatus

from atlas_site.sandbox.web import Response, json_response

NO_PERMISSION = "This token does not have permission to access this API."
EMPTY_WALLET = "Insufficient balance or invalid token permission"


class VendorRefusal(Exception):
    """A call that the vendor refuses, with the status code and message of its answer."""

    def __init__(self, code: int, message: str, data: list[str] | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.data = code, message, data

    def response(self) -> Response:
        """Return the answer that says so."""
        return error_response(self.code, self.message, self.data)


def error_response(code: int, message: str, data: list[str] | None = None, **headers: str) -> Response:
    """Return an error answer with the vendor's body."""
    status = {"code": code, "text": HTTPStatus(code).phrase, "message": message}
    return json_response({"status": {**status, **({"data": data} if data else {})}}, code, **headers)
