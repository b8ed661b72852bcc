//! Listings 9-6 and 9-7: a handler per method.

use netprog::base::trace;
use netprog::ch08_http_client::body::Body;
use netprog::ch08_http_client::method::Method;
use netprog::ch08_http_client::status::Status;
use netprog::ch09_http_server::handler::Handler;
use netprog::ch09_http_server::methods::{Methods, default_methods_handler};
use netprog::ch09_http_server::testing::{Recorder, request};

use crate::handlers::ask;

/// Listing 9-6: a method nobody handles is 405 with `Allow`, OPTIONS is 200 with the same, and every body is drained.
///
/// Watch: `Allow: DELETE, PUT`, sorted, with neither OPTIONS nor HEAD in it. Row 9.24.
#[test]
fn listing_9_6_the_map_answers_for_the_methods_it_lacks() {
    let _me = trace::party("methods");
    trace::chapter("ch09");
    let methods = Methods::new()
        .on_fn(Method::PUT, |response, _| response.write_status(Status::CREATED))
        .on_fn(Method::DELETE, |response, _| response.write_status(Status::NO_CONTENT));
    assert_eq!(ask(&methods, Method::PUT, "/", "").status, Status::CREATED);
    assert_eq!(ask(&methods, Method::DELETE, "/", "").status, Status::NO_CONTENT);
    for method in [Method::GET, Method::HEAD, Method::from_token(b"BREW").unwrap()] {
        let refused = ask(&methods, method, "/", "");
        assert_eq!((refused.status.code(), refused.header.get("Allow")), (405, Some("DELETE, PUT")));
        assert_eq!(refused.text(), "Method not allowed\n");
    }
    let options = ask(&methods, Method::OPTIONS, "/", "");
    assert_eq!((options.status, options.text().as_str()), (Status::OK, ""));
    assert_eq!(options.header.get("Allow"), Some("DELETE, PUT"));
    let mut asked = request(Method::GET, "/", Body::stream(&b"unread"[..]));
    methods.serve(&mut Recorder::new(), &mut asked);
    assert_eq!(asked.body.read_all(100).unwrap(), b"", "drained, so the connection can go on");
}

/// Listing 9-7: the default handler again, with OPTIONS and `Allow` for nothing. Row 9.25.
#[test]
fn listing_9_7_the_default_handler_with_options() {
    let _me = trace::party("methods");
    trace::chapter("ch09");
    let methods = default_methods_handler();
    let cases = [
        (Method::GET, "", 200, "Hello, friend!"),
        (Method::POST, "<world>", 200, "Hello, &lt;world&gt;!"),
        (Method::HEAD, "", 405, "Method not allowed\n"),
        (Method::OPTIONS, "", 200, ""),
    ];
    for (method, body, code, text) in cases {
        let result = ask(&methods, method, "/", body);
        assert_eq!((result.status.code(), result.text().as_str()), (code, text));
        let allow =
            if matches!(text, "Hello, friend!" | "Hello, &lt;world&gt;!") { None } else { Some("GET, POST") };
        assert_eq!(result.header.get("Allow"), allow);
    }
    let better = default_methods_handler().head_by_get();
    assert_eq!(ask(&better, Method::HEAD, "/", "").status, Status::OK);
    assert_eq!(ask(&better, Method::PUT, "/", "").header.get("Allow"), Some("GET, HEAD, POST"));
}
