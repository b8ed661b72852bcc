//! What the server says became of a request: three digits, of which the first tells the class.
//!
//! A status is not an error. A response with 404 is a response like any other; it is for the caller to look at the number.
//! A code nobody knows counts as the x00 of its class (RFC 9110, 15).
//!
//! Book: "Server Responses".

use std::fmt;

/// A status code, 100 to 999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Status(u16);

/// What the first digit says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// 1xx: more is to come.
    Informational,
    /// 2xx: done.
    Successful,
    /// 3xx: something is left for the client to do.
    Redirection,
    /// 4xx: the client's fault.
    ClientError,
    /// 5xx: the server's fault.
    ServerError,
    /// 6xx to 9xx, which RFC 9110 does not have; treated as a server's error.
    Unknown,
}

impl Status {
    /// 100: RFC 9110, 15.2.1: send the body.
    pub const CONTINUE: Status = Status(100);
    /// 101: from here on the connection speaks what `Upgrade` names.
    pub const SWITCHING_PROTOCOLS: Status = Status(101);
    /// 103: RFC 8297: fields the answer will probably have.
    pub const EARLY_HINTS: Status = Status(103);
    /// 200: the request did what it was for.
    pub const OK: Status = Status(200);
    /// 201: there is a new resource.
    pub const CREATED: Status = Status(201);
    /// 202: taken, and not done yet.
    pub const ACCEPTED: Status = Status(202);
    /// 204: done, and there is nothing to show.
    pub const NO_CONTENT: Status = Status(204);
    /// 206: the range asked for.
    pub const PARTIAL_CONTENT: Status = Status(206);
    /// 301: it is elsewhere for good.
    pub const MOVED_PERMANENTLY: Status = Status(301);
    /// 302: it is elsewhere for now.
    pub const FOUND: Status = Status(302);
    /// 303: GET the answer there.
    pub const SEE_OTHER: Status = Status(303);
    /// 304: the copy the client has is good.
    pub const NOT_MODIFIED: Status = Status(304);
    /// 307: as 302, and the method stays.
    pub const TEMPORARY_REDIRECT: Status = Status(307);
    /// 308: as 301, and the method stays.
    pub const PERMANENT_REDIRECT: Status = Status(308);
    /// 400: not a request one can understand.
    pub const BAD_REQUEST: Status = Status(400);
    /// 401: who are you?
    pub const UNAUTHORIZED: Status = Status(401);
    /// 403: not for you.
    pub const FORBIDDEN: Status = Status(403);
    /// 404: not here, or not for you to know.
    pub const NOT_FOUND: Status = Status(404);
    /// 405: not with this resource; `Allow` says what is.
    pub const METHOD_NOT_ALLOWED: Status = Status(405);
    /// 406: not in a form the client takes.
    pub const NOT_ACCEPTABLE: Status = Status(406);
    /// 407: as 401, from a proxy.
    pub const PROXY_AUTHENTICATION_REQUIRED: Status = Status(407);
    /// 408: the request took too long to arrive.
    pub const REQUEST_TIMEOUT: Status = Status(408);
    /// 409: the resource is in another state than the request supposes.
    pub const CONFLICT: Status = Status(409);
    /// 410: it was here.
    pub const GONE: Status = Status(410);
    /// 411: say how long the body is.
    pub const LENGTH_REQUIRED: Status = Status(411);
    /// 412: `If-Match` or `If-Unmodified-Since` does not hold.
    pub const PRECONDITION_FAILED: Status = Status(412);
    /// 413: more body than is taken.
    pub const CONTENT_TOO_LARGE: Status = Status(413);
    /// 414: a longer target than is taken.
    pub const URI_TOO_LONG: Status = Status(414);
    /// 415: not in a form the server takes.
    pub const UNSUPPORTED_MEDIA_TYPE: Status = Status(415);
    /// 416: the range lies outside.
    pub const RANGE_NOT_SATISFIABLE: Status = Status(416);
    /// 417: an `Expect` nobody knows.
    pub const EXPECTATION_FAILED: Status = Status(417);
    /// 418: RFC 2324; reserved.
    pub const TEAPOT: Status = Status(418);
    /// 421: not a host served here.
    pub const MISDIRECTED_REQUEST: Status = Status(421);
    /// 422: understood, and it makes no sense.
    pub const UNPROCESSABLE_CONTENT: Status = Status(422);
    /// 426: only with the protocol that `Upgrade` names, which need not be TLS.
    pub const UPGRADE_REQUIRED: Status = Status(426);
    /// 428: RFC 6585: say which state you suppose.
    pub const PRECONDITION_REQUIRED: Status = Status(428);
    /// 429: RFC 6585: slower.
    pub const TOO_MANY_REQUESTS: Status = Status(429);
    /// 431: RFC 6585: a larger head than is taken.
    pub const REQUEST_HEADER_FIELDS_TOO_LARGE: Status = Status(431);
    /// 500: the server failed.
    pub const INTERNAL_SERVER_ERROR: Status = Status(500);
    /// 501: a method or coding the server does not know.
    pub const NOT_IMPLEMENTED: Status = Status(501);
    /// 502: the server behind this one is unreachable or talks nonsense.
    pub const BAD_GATEWAY: Status = Status(502);
    /// 503: nobody has time at the moment.
    pub const SERVICE_UNAVAILABLE: Status = Status(503);
    /// 504: the server behind this one is too slow.
    pub const GATEWAY_TIMEOUT: Status = Status(504);
    /// 505: another major version.
    pub const HTTP_VERSION_NOT_SUPPORTED: Status = Status(505);
    /// 511: RFC 6585: log in to the network first.
    pub const NETWORK_AUTHENTICATION_REQUIRED: Status = Status(511);

    /// The status with this code, `None` outside 100 to 999: a status line has three digits and no leading zero.
    pub fn new(code: u16) -> Option<Status> {
        if (100..=999).contains(&code) { Some(Status(code)) } else { None }
    }

    /// The number.
    pub fn code(self) -> u16 {
        self.0
    }

    /// Its class.
    pub fn class(self) -> Class {
        match self.0 / 100 {
            1 => Class::Informational,
            2 => Class::Successful,
            3 => Class::Redirection,
            4 => Class::ClientError,
            5 => Class::ServerError,
            _ => Class::Unknown,
        }
    }

    /// 1xx.
    pub fn is_informational(self) -> bool {
        self.class() == Class::Informational
    }

    /// 2xx.
    pub fn is_success(self) -> bool {
        self.class() == Class::Successful
    }

    /// Whether a response with this status has no body whatever its fields say (RFC 9112, 6.3): 1xx, 204 and 304.
    pub fn has_no_body(self) -> bool {
        self.is_informational() || self == Status::NO_CONTENT || self == Status::NOT_MODIFIED
    }

    /// The phrase that stands beside the code, empty for a code without one. For people: no client may rely on it.
    pub fn reason(self) -> &'static str {
        match self.0 {
            100 => "Continue",
            101 => "Switching Protocols",
            103 => "Early Hints",
            200 => "OK",
            201 => "Created",
            202 => "Accepted",
            204 => "No Content",
            206 => "Partial Content",
            301 => "Moved Permanently",
            302 => "Found",
            303 => "See Other",
            304 => "Not Modified",
            307 => "Temporary Redirect",
            308 => "Permanent Redirect",
            400 => "Bad Request",
            401 => "Unauthorized",
            403 => "Forbidden",
            404 => "Not Found",
            405 => "Method Not Allowed",
            406 => "Not Acceptable",
            407 => "Proxy Authentication Required",
            408 => "Request Timeout",
            409 => "Conflict",
            410 => "Gone",
            411 => "Length Required",
            412 => "Precondition Failed",
            413 => "Content Too Large",
            414 => "URI Too Long",
            415 => "Unsupported Media Type",
            416 => "Range Not Satisfiable",
            417 => "Expectation Failed",
            418 => "I'm a teapot",
            421 => "Misdirected Request",
            422 => "Unprocessable Content",
            426 => "Upgrade Required",
            428 => "Precondition Required",
            429 => "Too Many Requests",
            431 => "Request Header Fields Too Large",
            500 => "Internal Server Error",
            501 => "Not Implemented",
            502 => "Bad Gateway",
            503 => "Service Unavailable",
            504 => "Gateway Timeout",
            505 => "HTTP Version Not Supported",
            511 => "Network Authentication Required",
            _ => "",
        }
    }
}

/// `404 Not Found`, or the bare number where there is no phrase.
impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason() {
            "" => write!(f, "{}", self.0),
            reason => write!(f, "{} {reason}", self.0),
        }
    }
}
