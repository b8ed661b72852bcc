//! What a handler writes, and what the client gets.

use std::fs::File;
use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex};

use super::UNDECIDED_BYTES;
use crate::ch08_http_client::header::Header;
use crate::ch08_http_client::method::Method;
use crate::ch08_http_client::status::Status;
use crate::ch09_http_server::client_for_tests::{Answer, Client, Lines, talk, talk_to};
use crate::ch09_http_server::handler::{Handler, Request, ResponseWriter};
use crate::ch09_http_server::server::Server;
use crate::ch09_http_server::test_server::{MemoryServer, TestServer};

const GET: &str = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

fn answer_of(handler: impl Handler + 'static) -> Answer {
    let server = MemoryServer::new(handler);
    let mut client = Client::of(&server);
    client.send(GET);
    client.answer()
}

/// What a write inside a handler gave, brought to the test.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<Result<usize, io::ErrorKind>>>>);

impl Seen {
    fn push(&self, outcome: io::Result<usize>) {
        self.0.lock().unwrap().push(outcome.map_err(|error| error.kind()));
    }

    fn all(&self) -> Vec<Result<usize, io::ErrorKind>> {
        self.0.lock().unwrap().clone()
    }
}

// --- how the end is marked (H.17, 9.20, 9.21) ---------------------------------------------------------------------------

#[test]
fn up_to_2048_bytes_have_a_length_and_one_more_makes_chunks() {
    for (size, has_length) in [(0, true), (1, true), (UNDECIDED_BYTES, true), (UNDECIDED_BYTES + 1, false)] {
        for piece in [1, 1000, size.max(1)] {
            let answer = answer_of(move |response: &mut dyn ResponseWriter, _: &mut Request| {
                for part in vec![b'x'; size].chunks(piece) {
                    response.write_all(part).unwrap();
                }
            });
            assert_eq!(answer.body.len(), size);
            let length = size.to_string();
            assert_eq!(answer.get("Content-Length"), has_length.then_some(length.as_str()));
            assert_eq!(answer.get("Transfer-Encoding"), (!has_length).then_some("chunked"));
        }
    }
}

#[test]
fn to_a_1_0_client_a_long_body_ends_with_the_connection() {
    let handler = |size: usize| {
        move |response: &mut dyn ResponseWriter, _: &mut Request| {
            response.write_all(&vec![b'x'; size]).unwrap();
        }
    };
    let request = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
    let long = talk(handler(5000), request);
    assert!(!long.contains("Content-Length") && !long.contains("Transfer-Encoding"), "{long}");
    assert!(long.contains("\r\nConnection: close\r\n") && long.ends_with(&"x".repeat(5000)));
    let short = talk(handler(50), request);
    assert!(
        short.contains("\r\nContent-Length: 50\r\n") && short.contains("\r\nConnection: keep-alive\r\n"),
        "{short}"
    );
}

#[test]
fn a_body_of_any_size_and_rhythm_arrives_whole() {
    let pattern: Vec<u8> = (0..200_000_u32).map(|number| (number % 251) as u8).collect();
    for (piece, flush_every) in [(1, 5000), (700, 3), (20_000, 2), (200_000, 1), (16_384, 100)] {
        for declared in [false, true] {
            let source = pattern.clone();
            let answer = answer_of(move |response: &mut dyn ResponseWriter, _: &mut Request| {
                if declared {
                    response.header().set("Content-Length", source.len().to_string());
                }
                for (number, part) in source.chunks(piece).enumerate() {
                    response.write_all(part).unwrap();
                    if number % flush_every == 0 {
                        response.flush().unwrap();
                    }
                }
            });
            assert!(answer.body == pattern, "pieces of {piece}, declared: {declared}");
            assert_eq!(answer.get("Transfer-Encoding").is_none(), declared);
        }
    }
}

#[test]
fn what_is_flushed_arrives_while_the_handler_goes_on() {
    let (go_on, wait) = crate::ch09_http_server::client_for_tests::signal();
    let server = MemoryServer::new(move |response: &mut dyn ResponseWriter, _: &mut Request| {
        response.write_all(b"first").unwrap();
        response.flush().unwrap();
        wait();
        response.write_all(b"second").unwrap();
    });
    let mut client = Client::of(&server);
    client.send(GET);
    while client.line() != "\r\n" {}
    assert_eq!((client.line(), client.line()), ("5\r\n".to_owned(), "first\r\n".to_owned()));
    go_on();
    assert_eq!((client.line(), client.line()), ("6\r\n".to_owned(), "second\r\n".to_owned()));
}

#[test]
fn more_than_the_declared_length_is_an_error_and_less_ends_the_connection() {
    let seen = Seen::default();
    let theirs = seen.clone();
    let too_much = talk(
        move |response: &mut dyn ResponseWriter, _: &mut Request| {
            response.header().set("Content-Length", "5");
            theirs.push(response.write(b"12345"));
            theirs.push(response.write(b"6"));
        },
        format!("{GET}{GET}"),
    );
    assert_eq!(seen.all()[..2], [Ok(5), Err(io::ErrorKind::InvalidInput)]);
    assert!(too_much.ends_with("\r\n\r\n12345"), "{too_much}");
    assert_eq!(too_much.matches("HTTP/1.1 200").count(), 1);
    let too_little = talk(
        |response: &mut dyn ResponseWriter, _: &mut Request| {
            response.header().set("Content-Length", "5");
            response.write_all(b"123").unwrap();
        },
        format!("{GET}{GET}"),
    );
    assert!(too_little.ends_with("\r\n\r\n123"), "{too_little}");
}

#[test]
fn head_gets_the_head_of_get_and_no_body() {
    let handler = |size: usize| {
        move |response: &mut dyn ResponseWriter, _: &mut Request| {
            response.write_all(&vec![b'<'; size]).unwrap();
        }
    };
    for size in [19, 5000] {
        let server = MemoryServer::new(handler(size));
        let mut client = Client::of(&server);
        client.send(GET.replace("GET", "HEAD").repeat(2));
        let (first, second) = (client.answer_to(&Method::HEAD), client.answer_to(&Method::HEAD));
        assert_eq!((first.body.len(), second.code()), (0, 200));
        assert_eq!(first.get("Content-Length"), (size == 19).then_some("19"));
        assert_eq!(first.get("Content-Type"), Some("text/plain; charset=utf-8"));
    }
}

#[test]
fn statuses_without_a_body_refuse_one() {
    for code in [204, 304] {
        let seen = Seen::default();
        let theirs = seen.clone();
        let answer = answer_of(move |response: &mut dyn ResponseWriter, _: &mut Request| {
            response.header().set("ETag", "\"1\"");
            response.write_status(Status::new(code).unwrap());
            theirs.push(response.write(b"x"));
        });
        assert_eq!(seen.all(), [Err(io::ErrorKind::InvalidInput)]);
        assert_eq!(
            (answer.code(), answer.get("Content-Length"), answer.get("ETag")),
            (code, None, Some("\"1\""))
        );
        assert_eq!((answer.get("Content-Type"), answer.get("Transfer-Encoding")), (None, None));
    }
}

// --- status and fields -----------------------------------------------------------------------------------------------------

#[test]
fn the_first_byte_settles_the_status_and_a_later_one_is_logged_and_ignored() {
    let log = Lines::default();
    let handler = |response: &mut dyn ResponseWriter, _: &mut Request| {
        let _ = response.write_all(b"Bad request");
        response.write_status(Status::BAD_REQUEST);
    };
    let answer = talk_to(Server { error_log: log.logger(), ..Server::new(handler) }, GET);
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert_eq!(log.text().lines().count(), 1);
    assert!(
        log.text().contains("superfluous") && log.text().contains("400 Bad Request after 200 OK"),
        "{}",
        log.text()
    );
}

#[test]
fn fields_set_after_the_status_or_the_first_byte_come_too_late() {
    for with_status in [true, false] {
        let answer = answer_of(move |response: &mut dyn ResponseWriter, _: &mut Request| {
            response.header().set("Early", "1");
            if with_status {
                response.write_status(Status::ACCEPTED);
            } else {
                response.write_all(b"body").unwrap();
            }
            response.header().set("Late", "1");
            assert_eq!(response.header().get("Early"), Some("1"), "they can still be read");
        });
        assert_eq!((answer.get("Early"), answer.get("Late")), (Some("1"), None));
    }
}

#[test]
fn a_value_cannot_begin_another_field_and_a_name_that_is_none_is_left_out() {
    let answer = talk(
        |response: &mut dyn ResponseWriter, _: &mut Request| {
            response.header().set("Location", "/a\r\nSet-Cookie: stolen=1\0");
            response.header().add("bad name", "x");
            response.header().add("", "x");
            response.header().add("evil: x\r\nInjected", "x");
        },
        GET,
    );
    assert!(answer.contains("\r\nLocation: /a  Set-Cookie: stolen=1 \r\n"), "{answer}");
    assert!(
        !answer.contains("bad name") && !answer.contains("Injected") && !answer.contains("\r\n: "),
        "{answer}"
    );
}

#[test]
fn framing_fields_are_the_servers_and_a_senseless_length_is_ignored() {
    let answer = talk(
        |response: &mut dyn ResponseWriter, _: &mut Request| {
            response.header().set("Transfer-Encoding", "chunked");
            response.header().set("Content-Length", "twelve");
            response.write_all(b"hello").unwrap();
        },
        GET,
    );
    assert!(
        !answer.contains("Transfer-Encoding") && answer.contains("\r\nContent-Length: 5\r\n"),
        "{answer}"
    );
}

#[test]
fn every_answer_has_a_date_and_a_type_unless_they_are_set_to_nothing() {
    let plain = answer_of(|response: &mut dyn ResponseWriter, _: &mut Request| {
        response.write_all(b"<html>").unwrap();
    });
    assert_eq!(plain.get("Content-Type"), Some("text/html; charset=utf-8"));
    let date = plain.get("Date").unwrap();
    let parsed = crate::base::calendar::Timestamp::parse_http_date(date).expect(date).unix_seconds();
    let now = crate::base::calendar::Timestamp::now().unix_seconds();
    assert!((now - parsed).abs() < 60 && date.ends_with(" GMT") && date.len() == 29, "{date}");
    let none = answer_of(|response: &mut dyn ResponseWriter, _: &mut Request| {
        response.header().set("Content-Type", "");
        response.header().set("Date", "");
        response.write_all(b"<html>").unwrap();
    });
    assert_eq!((none.get("Content-Type"), none.get("Date")), (None, None));
    let encoded = answer_of(|response: &mut dyn ResponseWriter, _: &mut Request| {
        response.header().set("Content-Encoding", "gzip");
        response.write_all(b"\x1f\x8b\x08").unwrap();
    });
    assert_eq!(encoded.get("Content-Type"), None);
    assert_eq!(answer_of(|_: &mut dyn ResponseWriter, _: &mut Request| {}).get("Content-Type"), None);
}

#[test]
fn the_type_is_guessed_from_what_came_before_the_head_went_out() {
    let answer = answer_of(|response: &mut dyn ResponseWriter, _: &mut Request| {
        response.write_all(b"<ht").unwrap();
        response.write_all(b"ml>").unwrap();
        response.write_all(&[b'x'; 9000]).unwrap();
    });
    assert_eq!(answer.get("Content-Type"), Some("text/html; charset=utf-8"));
}

// --- trailers, 1xx (H.11, H.22) ----------------------------------------------------------------------------------------------

#[test]
fn trailers_follow_the_chunks_whether_announced_by_hand_or_not() {
    for by_hand in [true, false] {
        let answer = answer_of(move |response: &mut dyn ResponseWriter, _: &mut Request| {
            if by_hand {
                response.header().set("Trailer", "Sum");
            } else {
                response.trailer().set("Sum", "0");
            }
            response.write_all(b"abc").unwrap();
            response.trailer().set("Sum", "2\r\n94");
            response.trailer().set("Content-Length", "1");
        });
        assert_eq!((answer.text().as_str(), answer.get("Trailer")), ("abc", Some("Sum")));
        assert_eq!(answer.trailer.get("Sum"), Some("2  94"));
        assert_eq!(answer.trailer.len(), 1);
    }
}

#[test]
fn a_trailer_that_shows_up_late_still_follows_if_there_are_chunks() {
    let answer = answer_of(|response: &mut dyn ResponseWriter, _: &mut Request| {
        response.write_all(&[b'x'; 3000]).unwrap();
        response.trailer().set("Late", "1");
    });
    assert_eq!((answer.body.len(), answer.trailer.get("Late")), (3000, Some("1")));
}

#[test]
fn early_hints_come_first_and_not_to_a_1_0_client() {
    let handler = |response: &mut dyn ResponseWriter, _: &mut Request| {
        // The length is that of the page: 1xx has no body, and must not say so (RFC 9110, 8.6).
        let hints = Header::from([("Link", "</style.css>; rel=preload"), ("Content-Length", "4")]);
        response.inform(Status::EARLY_HINTS, &hints).unwrap();
        assert!(response.inform(Status::OK, &hints).is_err());
        response.write_all(b"page").unwrap();
        response.flush().unwrap();
        assert!(response.inform(Status::EARLY_HINTS, &hints).is_err());
    };
    let answer = talk(handler, GET);
    let (hints, rest) = answer.split_once("\r\n\r\n").unwrap();
    assert_eq!(hints, "HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload");
    assert!(rest.starts_with("HTTP/1.1 200 OK\r\n"), "{rest}");
    assert!(talk(handler, "GET / HTTP/1.0\r\n\r\n").starts_with("HTTP/1.1 200 OK\r\n"));
}

// --- files ---------------------------------------------------------------------------------------------------------------------

#[test]
fn a_file_goes_out_whole_and_in_part_over_a_socket_and_in_memory() {
    let path = std::env::temp_dir().join(format!("netprog-response-{}", std::process::id()));
    let content: Vec<u8> = (0..3_000_000_u32).map(|number| (number % 253) as u8).collect();
    std::fs::write(&path, &content).unwrap();
    let handler = |path: std::path::PathBuf| {
        move |response: &mut dyn ResponseWriter, request: &mut Request| {
            let mut file = File::open(&path).unwrap();
            let length: u64 = request.path.trim_start_matches('/').parse().unwrap();
            if request.query.is_some() {
                response.header().set("Content-Length", length.to_string());
            }
            let outcome = response.write_file(&mut file, 7, length);
            assert_eq!(outcome.is_ok(), length < 3_000_000);
        }
    };
    let (sockets, memory) =
        (TestServer::new(handler(path.clone())), MemoryServer::new(handler(path.clone())));
    let tcp = std::net::TcpStream::connect(sockets.address()).unwrap();
    let tcp = Client::over(crate::base::conn::TcpConn::new(tcp).unwrap());
    for mut client in [tcp, Client::of(&memory)] {
        for target in ["100", "100?", "16385", "16385?", "2500000", "2500000?"] {
            client.send(format!("GET /{target} HTTP/1.1\r\nHost: h\r\n\r\n"));
            let answer = client.answer();
            let length: usize = target.trim_end_matches('?').parse().unwrap();
            assert!(answer.body == content[7..7 + length], "{target}: {} bytes", answer.body.len());
        }
        client.send("HEAD /2500000? HTTP/1.1\r\nHost: h\r\n\r\n");
        assert_eq!(client.answer_to(&Method::HEAD).get("Content-Length"), Some("2500000"));
        client.send("GET /3000001? HTTP/1.1\r\nHost: h\r\n\r\n");
        let cut = client.rest_bytes();
        assert!(cut < 3_000_500, "a file that is shorter than said ends the connection");
    }
    std::fs::remove_file(&path).unwrap();
}

// --- taking the connection over ----------------------------------------------------------------------------------------------

#[test]
fn a_hijacker_reads_what_was_read_ahead_and_the_server_keeps_out() {
    let server = MemoryServer::new(|response: &mut dyn ResponseWriter, _: &mut Request| {
        let mut both = response.hijack().unwrap();
        assert!(response.hijack().is_err() && response.write_all(b"x").is_err());
        let mut line = [0; 11];
        both.reader.read_exact(&mut line).unwrap();
        both.writer.write_all(b"you said: ").unwrap();
        both.writer.write_all(&line).unwrap();
    });
    let mut client = Client::of(&server);
    client.send(format!("{GET}early"));
    client.send(" later");
    assert_eq!(client.rest(), "you said: early later");
}

#[test]
fn a_response_that_has_begun_cannot_be_hijacked() {
    let answer = answer_of(|response: &mut dyn ResponseWriter, _: &mut Request| {
        response.write_all(b"begun").unwrap();
        assert!(response.hijack().is_err());
    });
    assert_eq!(answer.text(), "begun");
}
