//! A client with a jar. What a jar keeps, and for whom, is tested with the jar; here it is at work. Row H.19.

use std::sync::Arc;

use netprog::ch08_http_client::client::Client;
use netprog::ch08_http_client::jar::Jar;
use netprog::ch08_http_client::method::Method;
use netprog::ch08_http_client::status::Status;
use netprog::ch09_http_server::handler::{Request, ResponseWriter};
use netprog::ch09_http_server::test_server::TestServer;

use crate::raw::{client_of, request, transport};

/// `/login` sets a cookie and redirects; every other path tells the cookies it got.
fn login(response: &mut dyn ResponseWriter, request: &mut Request) {
    if request.path == "/login" {
        response.header().add("Set-Cookie", "id=7; Path=/");
        response.header().add("Set-Cookie", "theme=dark; Path=/private");
        response.header().add("Set-Cookie", "spy=1; Domain=other.example");
        response.header().set("Location", "/private/home");
        response.write_status(Status::SEE_OTHER);
        return;
    }
    let cookies: Vec<&str> = request.header.values("Cookie").collect();
    let _ = write!(response, "{}", cookies.join(" | "));
}

fn told(client: &Client, url: &str, own: Option<&str>) -> String {
    let mut request = request(Method::GET, url);
    if let Some(own) = own {
        request.header.set("Cookie", own);
    }
    String::from_utf8(client.send(request).unwrap().read_all(1000).unwrap()).unwrap()
}

#[test]
fn without_a_jar_no_cookie_is_kept() {
    let server = TestServer::new(login);
    let client = client_of(&transport());
    assert_eq!(told(&client, &format!("{}/login", server.url()), None), "");
    assert_eq!(told(&client, &server.url(), Some("own=1")), "own=1");
}

#[test]
fn a_jar_keeps_what_a_redirect_sets_and_sends_it_where_it_belongs() {
    let server = TestServer::new(login);
    let client = Client { jar: Some(Arc::new(Jar::new())), ..client_of(&transport()) };
    assert_eq!(told(&client, &format!("{}/login", server.url()), None), "theme=dark; id=7");
    assert_eq!(told(&client, &server.url(), None), "id=7");
    // Cookies of one's own go along; the jar's is the later word where both have a name.
    assert_eq!(told(&client, &server.url(), Some("own=1; id=0")), "own=1; id=7");
    assert_eq!(told(&client, &server.url(), Some("nameless; own=1")), "nameless; own=1; id=7");
    // Another name of the same server is another host.
    let port = server.address().port();
    let elsewhere = TestServer::new(login);
    assert_eq!(told(&client, &elsewhere.url(), None), "id=7", "a port is no border for cookies");
    assert_eq!(told(&client, &format!("http://localhost:{port}/"), None), "");
}

#[test]
fn the_caller_s_own_cookies_do_not_grow_with_each_redirect() {
    let server = TestServer::new(login);
    let client = Client { jar: Some(Arc::new(Jar::new())), ..client_of(&transport()) };
    assert_eq!(told(&client, &format!("{}/login", server.url()), Some("own=1")), "own=1; theme=dark; id=7");
}
