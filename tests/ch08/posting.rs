//! Posting: Listings 8-6, 8-7 and 8-10. The form that 8-10 posts is built in `multipart.rs`.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use netprog::base::cancel::Cancel;
use netprog::base::json::{self, Object, Value};
use netprog::base::trace;
use netprog::ch08_http_client::client::Client;
use netprog::ch08_http_client::method::Method;
use netprog::ch08_http_client::multipart::{FormLimits, parse_form};
use netprog::ch08_http_client::status::Status;
use netprog::ch08_http_client::url::Query;
use netprog::ch08_http_client::user::User;
use netprog::ch09_http_server::handler::{Request, ResponseWriter};
use netprog::ch09_http_server::test_server::TestServer;

use crate::raw::{RawServer, client, ok, request};

/// Listing 8-6: a handler that takes a user as JSON. What it leaves of the body is drained by the server, within its limit, when
/// the handler returns; the book does that by hand in a deferred function.
fn handle_post_user(
    users: Arc<Mutex<Vec<User>>>,
) -> impl Fn(&mut dyn ResponseWriter, &mut Request) + Send + Sync {
    move |response, request| {
        let refuse = |response: &mut dyn ResponseWriter, status, text: &str| {
            response.header().set("Content-Type", "text/plain; charset=utf-8");
            response.write_status(status);
            let _ = response.write_all(text.as_bytes());
        };
        if request.method != Method::POST {
            response.header().set("Allow", "POST");
            return refuse(response, Status::METHOD_NOT_ALLOWED, "\n");
        }
        match User::from_json(&mut request.body) {
            Ok(user) => {
                trace::note(|| format!("a user: {} {}", user.first, user.last));
                users.lock().unwrap().push(user);
                response.write_status(Status::ACCEPTED);
            }
            Err(error) => {
                trace::note(|| error.to_string());
                refuse(response, Status::BAD_REQUEST, "Decode Failed\n");
            }
        }
    }
}

struct Post {
    server: TestServer,
    users: Arc<Mutex<Vec<User>>>,
}

fn post_server() -> Post {
    let _server = trace::party("server");
    let users = Arc::new(Mutex::new(Vec::new()));
    Post { server: TestServer::new(handle_post_user(Arc::clone(&users))), users }
}

fn adam() -> User {
    User { first: "Adam".to_owned(), last: "Woodbeck".to_owned() }
}

/// The handler by itself: which requests it takes, and with what it answers the others. Row 8.36.
#[test]
fn listing_8_6_the_handler_takes_a_user_as_json_and_nothing_else() {
    trace::chapter("ch08");
    let _me = trace::party("client");
    let Post { server, users } = post_server();
    let (client, transport) = client();
    let post = |body: &str| {
        let mut response = client.post(&server.url(), "application/json", body).unwrap();
        (response.status.code(), String::from_utf8(response.read_all(100).unwrap()).unwrap())
    };
    assert_eq!(post("{\"First\":\"Adam\",\"Last\":\"Woodbeck\"}\n"), (202, String::new()));
    trace::note(|| "keys in any case, others ignored, and so is what follows the value".to_owned());
    assert_eq!(post("{\"first\":\"Adam\",\"LAST\":\"Woodbeck\",\"age\":7} and more"), (202, String::new()));
    for bad in ["", "{", "{\"First\":", "not JSON", "[]", "{\"First\":7}"] {
        assert_eq!(post(bad), (400, "Decode Failed\n".to_owned()), "{bad:?}");
    }
    for method in [Method::PUT, Method::DELETE] {
        let mut response = client.send(request(method, &server.url())).unwrap();
        assert_eq!(
            (response.status, response.read_all(10).unwrap()),
            (Status::METHOD_NOT_ALLOWED, b"\n".to_vec())
        );
        assert_eq!(response.header.get("Allow"), Some("POST"));
    }
    assert_eq!(*users.lock().unwrap(), [adam(), adam()]);
    assert_eq!(transport.counts().connected, 1, "read or not, no body was left on the connection");
}

/// GET is the wrong method and gets 405; POST with a user gets 202. Row 8.37.
#[test]
fn listing_8_7_a_get_is_refused_and_a_post_with_json_accepted() {
    trace::chapter("ch08");
    let _me = trace::party("client");
    let Post { server, users } = post_server();
    let (client, transport) = client();
    // The book's text forgets to close the first response; here its end is the end of the statement.
    let response = client.get(&server.url()).unwrap();
    trace::note(|| format!("GET: {}", response.status));
    assert_eq!(response.status, Status::METHOD_NOT_ALLOWED);
    drop(response);

    let response = client.post(&server.url(), "application/json", adam().to_json()).unwrap();
    trace::note(|| format!("POST: {}", response.status));
    assert_eq!(response.status, Status::ACCEPTED);
    assert_eq!(*users.lock().unwrap(), [adam()]);
    // The body of the 405 was dropped unread, all of one byte, and with it its connection. Row 8.22.
    assert_eq!((transport.counts().connected, transport.counts().dropped), (2, 1));
}

/// What httpbin.org says of a request: its parts, as JSON.
fn echo(response: &mut dyn ResponseWriter, request: &mut Request) {
    let content_type = request.header.get("Content-Type").map(str::to_owned);
    let body = std::mem::take(&mut request.body);
    let received = match parse_form(body, content_type.as_deref(), FormLimits::default()) {
        Ok(received) => received,
        Err(error) => {
            response.write_status(Status::BAD_REQUEST);
            let _ = write!(response, "{error}");
            return;
        }
    };
    let (mut files, mut form, mut headers) = (Object::new(), Object::new(), Object::new());
    for name in ["file1", "file2"] {
        let file = received.file(name).unwrap();
        files.insert(name, io::read_to_string(file.open().unwrap()).unwrap());
    }
    for (name, value) in received.fields.pairs() {
        form.insert(name.as_str(), value.as_str());
    }
    for (name, value) in request.header.iter() {
        headers.insert(name, String::from_utf8_lossy(value).into_owned());
    }
    let origin = request.peer.socket_addr().unwrap().ip().to_string();
    let answer = Object::from([
        ("args", Value::Object(Object::new())),
        ("data", Value::from("")),
        ("files", Value::Object(files)),
        ("form", Value::Object(form)),
        ("headers", Value::Object(headers)),
        ("json", Value::Null),
        ("origin", Value::from(origin)),
        ("url", Value::from(format!("http://{}{}", request.host, request.target))),
    ]);
    response.header().set("Content-Type", "application/json");
    let _ = response.write_all(json::to_string_pretty(&Value::Object(answer), "  ").as_bytes());
}

/// The book's form goes to a server that tells what it got, within a minute. The book asks httpbin.org; ours has the same answers
/// and is nearer. Rows 8.42 to 8.44.
#[test]
fn listing_8_10_the_form_is_posted_and_the_server_tells_what_it_got() {
    trace::chapter("ch08");
    let _me = trace::party("client");
    let server = {
        let _server = trace::party("server");
        TestServer::new(echo)
    };
    let form = crate::multipart::books_form();
    let content_type = form.content_type();
    let cancel = Cancel::after(Duration::from_secs(60));
    let request = request(Method::POST, &format!("{}/post", server.url()))
        .with_body(&content_type, form.into_body())
        .with_cancel(&cancel);
    let (client, _) = client();
    let mut response = client.send(request).unwrap();
    assert_eq!(response.status, Status::OK);
    let text = response.read_all(1 << 20).unwrap();
    trace::note(|| String::from_utf8_lossy(&text).into_owned());

    let answer = json::parse(&text).unwrap();
    let said =
        |pointer: &str| answer.pointer(pointer).and_then(Value::as_str).unwrap_or("nothing").to_owned();
    assert_eq!(said("/files/file1"), "Hello, world!\n");
    assert_eq!(said("/files/file2"), "Goodbye, world!\n");
    assert_eq!(said("/form/description"), "Form values with attached files");
    assert_eq!(said("/headers/Content-Length"), "739");
    assert_eq!(said("/headers/Content-Type"), content_type);
    assert_eq!(said("/headers/Accept-Encoding"), "gzip");
    assert_eq!(said("/headers/Host"), server.address().to_string());
    assert_eq!(said("/headers/User-Agent"), concat!("netprog/", env!("CARGO_PKG_VERSION")));
    assert_eq!((said("/origin"), said("/url")), ("127.0.0.1".to_owned(), format!("{}/post", server.url())));
}

#[test]
fn a_form_is_posted_in_the_order_of_its_pairs() {
    let server = RawServer::one(|conn| {
        let head = conn.head();
        assert!(head.contains("\r\nContent-Type: application/x-www-form-urlencoded\r\n"), "{head}");
        assert!(head.contains("\r\nContent-Length: 17\r\n"), "{head}");
        assert_eq!(conn.exactly(17), b"b=a+b%26c&a=12345");
        conn.send(ok(""));
    });
    let mut form = Query::new();
    form.push("b", "a b&c");
    form.push("a", "12345");
    Client::default().post_form(&server.url("/"), &form).unwrap();
    server.finish();
}
