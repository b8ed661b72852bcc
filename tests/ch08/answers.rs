//! What a status means, told by small servers: the methods one may use, pages one may not see, gateways with trouble behind them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use netprog::base::cancel::Cancel;
use netprog::ch08_http_client::client::Client;
use netprog::ch08_http_client::error::HttpError;
use netprog::ch08_http_client::method::Method;
use netprog::ch08_http_client::status::Status;
use netprog::ch09_http_server::handler::{Request, ResponseWriter};
use netprog::ch09_http_server::test_server::TestServer;

use crate::raw::{RawServer, client, request};

/// Row 8.8: OPTIONS tells what may be asked. TRACE sends the request back, and with it what a script in a browser must not see:
/// who answers it at all leaves the secrets out.
#[test]
fn options_tells_the_methods_and_a_trace_gives_no_secrets_back() {
    let server = TestServer::new(|response: &mut dyn ResponseWriter, request: &mut Request| {
        let traces = request.path == "/traced";
        let allow = if traces { "GET, OPTIONS, TRACE" } else { "GET, OPTIONS" };
        if request.method == Method::OPTIONS {
            response.header().set("Allow", allow);
            response.write_status(Status::NO_CONTENT);
        } else if request.method == Method::TRACE && traces {
            response.header().set("Content-Type", "message/http");
            let _ = write!(response, "TRACE {} HTTP/1.1\r\n", request.target);
            for (name, value) in request.header.iter() {
                if !["Authorization", "Cookie"].contains(&name) {
                    let _ = write!(response, "{name}: {}\r\n", String::from_utf8_lossy(value));
                }
            }
            let _ = response.write_all(b"\r\n");
        } else if request.method == Method::TRACE {
            response.header().set("Allow", allow);
            response.write_status(Status::METHOD_NOT_ALLOWED);
        }
    });
    let (client, _) = client();
    let ask = |method: Method, path: &str| {
        let mut asked = request(method, &format!("{}{path}", server.url()));
        asked.header = [("Cookie", "id=7"), ("Authorization", "Bearer x"), ("X-Own", "y")].into();
        let mut response = client.send(asked).unwrap();
        let allow = response.header.get("Allow").unwrap_or_default().to_owned();
        (response.status.code(), allow, String::from_utf8(response.read_all(1000).unwrap()).unwrap())
    };
    assert_eq!(ask(Method::OPTIONS, "/"), (204, "GET, OPTIONS".to_owned(), String::new()));
    assert_eq!(ask(Method::TRACE, "/"), (405, "GET, OPTIONS".to_owned(), String::new()));
    let (code, _, seen) = ask(Method::TRACE, "/traced");
    assert!(
        code == 200 && seen.starts_with("TRACE /traced HTTP/1.1\r\n") && seen.contains("X-Own: y"),
        "{seen}"
    );
    assert!(!seen.contains("id=7") && !seen.contains("Bearer"), "{seen}");
}

/// Row 8.13: whoever may not see a page does not learn that there is one. The log knows.
#[test]
fn a_forbidden_page_and_one_that_is_not_there_look_alike_to_the_client_only() {
    let log = Arc::new(Mutex::new(Vec::new()));
    let written = Arc::clone(&log);
    let server = TestServer::new(move |response: &mut dyn ResponseWriter, request: &mut Request| {
        let why = if request.path == "/secret" { "forbidden" } else { "absent" };
        written.lock().unwrap().push(format!("{} is {why}", request.path));
        response.header().set("Date", "Mon, 02 Jan 2006 15:04:05 GMT");
        response.write_status(Status::NOT_FOUND);
        let _ = response.write_all(b"404 page not found\n");
    });
    let ask = |path: &str| {
        let mut response = client().0.get(&format!("{}{path}", server.url())).unwrap();
        (response.status, response.header.clone(), response.read_all(100).unwrap())
    };
    assert_eq!(ask("/secret"), ask("/absent"));
    assert_eq!(*log.lock().unwrap(), ["/secret is forbidden", "/absent is absent"]);
}

/// Row 8.15: the book says TLS. The field says to what, and it may be anything.
#[test]
fn a_426_names_the_protocol_it_wants() {
    let server = TestServer::new(|response: &mut dyn ResponseWriter, request: &mut Request| {
        if !request.header.has_token("Upgrade", "websocket") {
            response.header().set("Upgrade", "websocket");
            response.header().set("Connection", "upgrade");
            response.write_status(Status::UPGRADE_REQUIRED);
        }
    });
    let response = client().0.get(&server.url()).unwrap();
    assert_eq!(response.status, Status::UPGRADE_REQUIRED);
    assert!(
        response.header.has_token("Upgrade", "websocket")
            && response.header.has_token("Connection", "upgrade")
    );
}

/// Row 8.16: a gateway tells three kinds of trouble apart, and our errors are what it tells them by.
#[test]
fn a_gateway_says_which_trouble_it_has_behind_it() {
    fn gateway(upstream: Option<String>) -> u16 {
        let server = TestServer::new(move |response: &mut dyn ResponseWriter, _: &mut Request| {
            let Some(url) = &upstream else { return response.write_status(Status::SERVICE_UNAVAILABLE) };
            let soon = Cancel::after(Duration::from_millis(200));
            let asked = Client::default().send(request(Method::GET, url).with_cancel(&soon));
            response.write_status(match asked {
                Ok(answer) => answer.status,
                Err(HttpError::TimedOut { .. }) => Status::GATEWAY_TIMEOUT,
                Err(_) => Status::BAD_GATEWAY,
            });
        });
        client().0.get(&server.url()).unwrap().status.code()
    }
    let garbage = RawServer::one(|conn| {
        conn.head();
        conn.send("SSH-2.0-OpenSSH_9.2\r\n");
    });
    let slow = RawServer::one(|conn| {
        conn.head();
        conn.gone();
    });
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(gateway(Some(garbage.url("/"))), 502);
    assert_eq!(gateway(Some(format!("http://{nobody}/"))), 502);
    assert_eq!(gateway(None), 503);
    assert_eq!(gateway(Some(slow.url("/"))), 504);
    garbage.finish();
    slow.finish();
}
