"""The ways in which Chargebee refuses a call, and the JSON in which it says so."""

from typing import Any

from atlas_site.sandbox.web import Response, json_response


class ApiError(Exception):
    """A refused call: HTTP status, error code, type (which decides the client's exception class) and parameter."""

    def __init__(self, status: int, code: str, message: str, *, kind: str = "invalid_request", param: str = "") -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.kind, self.param = status, code, message, kind, param

    def response(self) -> Response:
        """Return the answer that says so."""
        content: dict[str, Any] = {
            "message": self.message, "type": self.kind, "api_error_code": self.code, "error_code": self.code,
            "error_msg": self.message, "http_status_code": self.status,
        }  # fmt: skip
        if self.param:
            content |= {"param": self.param, "error_param": self.param}
        return json_response(content, self.status)


class NotFound(ApiError):
    """There is no such resource."""

    def __init__(self, kind: str, resource_id: str, param: str = "") -> None:
        super().__init__(404, "resource_not_found", f"{kind}: {resource_id} not found", param=param)


class InvalidState(ApiError):
    """The resource is not in a state in which this can be done."""

    def __init__(self, message: str) -> None:
        super().__init__(409, "invalid_state_for_request", message)


class WrongParam(ApiError):
    """A parameter has a value that makes no sense."""

    def __init__(self, param: str, message: str, code: str = "param_wrong_value") -> None:
        super().__init__(400, code, f"{param} : {message}", param=param)


class Declined(ApiError):
    """The payment was declined; Chargebee says so with status 400 and type ``payment``."""

    def __init__(self, message: str, code: str = "payment_processing_failed") -> None:
        super().__init__(400, code, message, kind="payment")
