//! Servers whose bodies lie, bombs in few bytes, and answers cut at every place.

use std::io::{Read, Write};

use crate::ch08_client::{answer, answer_left_open};
use crate::raw::{RawServer, client};
use crate::support::PATIENCE;
use netprog::base::deflate::Level;
use netprog::base::gzip::GzipWriter;
use netprog::base::json::Decoder;
use netprog::ch08_http_client::error::{HttpError, MessageError};

const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

#[test]
fn chunks_are_taken_as_the_rfc_has_them_and_no_other() {
    let refused = [
        "10000000000000000\r\n",
        "FFFFFFFFFFFFFFFFF\r\n",
        "0000000000000000002\r\nok\r\n0\r\n\r\n",
        "-2\r\nok\r\n0\r\n\r\n",
        "+2\r\nok\r\n0\r\n\r\n",
        "0x2\r\nok\r\n0\r\n\r\n",
        " 2\r\nok\r\n0\r\n\r\n",
        "2 \r\nok\r\n0\r\n\r\n",
        "2 2\r\nok\r\n0\r\n\r\n",
        "g\r\n",
        "\r\n",
        ";x\r\n",
        "2\nok\r\n0\r\n\r\n",
        "2\r\nok\n0\r\n\r\n",
        "2\r\nokay\r\n0\r\n\r\n",
        "2\r\nok0\r\n\r\n",
        "2\r\r\nok\r\n0\r\n\r\n",
        "2;a\nb\r\nok\r\n0\r\n\r\n",
        "2;a\0\r\nok\r\n0\r\n\r\n",
        "2\r\nok\r\n0\r\n X: folded\r\n\r\n",
        "2\r\nok\r\n0\r\nno colon\r\n\r\n",
        "2\r\nok\r\n0\r\nX: a\rb\r\n\r\n",
    ];
    for chunks in refused {
        let outcome = answer_left_open(format!("{CHUNKED}{chunks}"));
        assert!(
            matches!(
                outcome,
                Err(HttpError::Response {
                    error: MessageError::BadChunk { .. } | MessageError::BadField { .. },
                    ..
                })
            ),
            "{chunks:?}: {outcome:?}"
        );
    }
    for chunks in [
        "2\r\nok\r\n0\r\n\r\n",
        "002;a=\"b\"\r\nok\r\n00\r\nX: y\r\n\r\n",
        "1\r\no\r\n1 ;x\r\nk\r\n0;y\r\n\r\n",
    ] {
        assert_eq!(answer_left_open(format!("{CHUNKED}{chunks}")).unwrap(), b"ok", "{chunks:?}");
    }
}

/// A chunk of 2^64 - 1 bytes is a size like any other: nothing is allocated for it, and its end does not come.
#[test]
fn the_largest_sizes_cost_nothing_and_are_cut_short() {
    let outcome = answer(format!("{CHUNKED}ffffffffffffffff\r\nabc"));
    assert!(
        matches!(outcome, Err(HttpError::Response { error: MessageError::ChunksCutShort { got: 3 }, .. })),
        "{outcome:?}"
    );
    let outcome = answer("HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\nabc");
    assert!(
        matches!(outcome, Err(HttpError::Response { error: MessageError::BodyTooLong { .. }, .. })),
        "{outcome:?}"
    );
}

/// Sends `piece` after `begin` until the client has gone; the error, and how many bytes of body came before it.
fn endless(begin: String, piece: Vec<u8>) -> (u64, HttpError) {
    let server = RawServer::one(move |conn| {
        conn.head();
        conn.send(begin);
        let block = piece.repeat(64 * 1024 / piece.len() + 1);
        while conn.conn().write_all(&block).is_ok() {}
    });
    let (mut client, _transport) = client();
    client.timeout = Some(PATIENCE);
    let mut response = client.get(&server.url("/")).unwrap();
    let (mut buf, mut came) = (vec![0; 64 * 1024], 0);
    let error = loop {
        match response.body.read(&mut buf) {
            Ok(0) => panic!("an end of what has none"),
            Ok(count) => came += count as u64,
            Err(error) => break HttpError::from_io(error),
        }
        assert!(came < 1 << 20, "more and more of it");
    };
    server.finish();
    (came, error)
}

#[test]
fn chunks_that_are_more_wrapping_than_content_are_left() {
    let extension = format!("1;{}\r\na\r\n", "x".repeat(200));
    let (came, error) = endless(CHUNKED.to_owned(), extension.into_bytes());
    assert!(matches!(error, HttpError::Response { error: MessageError::BadChunk { .. }, .. }), "{error:?}");
    assert!(came < 1000, "{came}");
    for begin in ["2;", "2;x=\"", "0", "000000000000000000"] {
        let (_, error) = endless(format!("{CHUNKED}{begin}"), b"0".to_vec());
        assert!(
            matches!(error, HttpError::Response { error: MessageError::BadChunk { .. }, .. }),
            "{error:?}"
        );
    }
    let (_, error) = endless(format!("{CHUNKED}0\r\n"), b"X: y\r\n".to_vec());
    assert!(
        matches!(error, HttpError::Response { error: MessageError::TooManyFields { .. }, .. }),
        "{error:?}"
    );
    let (_, error) = endless(format!("{CHUNKED}0\r\nX:"), b"y".to_vec());
    assert!(
        matches!(error, HttpError::Response { error: MessageError::HeadTooLong { .. }, .. }),
        "{error:?}"
    );
}

// --- compressed -----------------------------------------------------------------------------------------------------

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = GzipWriter::new(Vec::new(), Level::Default);
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

fn coded(coding: &str, bytes: &[u8]) -> Vec<u8> {
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {}\r\n\r\n", bytes.len());
    [head.as_bytes(), bytes].concat()
}

/// A megabyte of zeros in a kilobyte, a thousand times. The reader's own limit ends it.
#[test]
fn a_gzip_bomb_stays_within_the_reader_s_limit() {
    let bomb = gzip(&vec![0; 1 << 20]).repeat(1 << 10);
    assert!(bomb.len() < 4 << 20);
    let outcome = answer_left_open(coded("gzip", &bomb));
    assert!(
        matches!(
            outcome,
            Err(HttpError::Response { error: MessageError::BodyTooLong { limit: 1048576 }, .. })
        ),
        "{:?}",
        outcome.map(|bytes| bytes.len())
    );
}

#[test]
fn gzip_that_is_cut_damaged_or_followed_by_something_is_an_error_at_every_place_and_stays_one() {
    let whole = gzip(b"a body that is compressed, compressed, compressed");
    let mut bad: Vec<Vec<u8>> = (1..whole.len()).map(|cut| whole[..cut].to_vec()).collect();
    bad.push([&whole[..], b"x"].concat());
    bad.push([&whole[..], &whole[..7]].concat());
    for place in [whole.len() - 1, whole.len() - 5, 20] {
        let mut damaged = whole.clone();
        damaged[place] ^= 0x55;
        bad.push(damaged);
    }
    for bytes in bad {
        let server = RawServer::one(move |conn| {
            conn.head();
            conn.send(coded("gzip", &bytes));
            conn.gone();
        });
        let (client, transport) = client();
        let mut response = client.get(&server.url("/")).unwrap();
        let error = response.read_all(1 << 20).unwrap_err();
        assert!(matches!(error, HttpError::BadCoding { .. }), "{error:?}");
        // Asked again it does not say "end".
        assert!(response.body.read(&mut [0; 16]).is_err());
        drop((response, client, transport));
        server.finish();
    }
}

#[test]
fn deflate_with_and_without_its_wrapper_is_decoded_and_what_we_do_not_know_is_left_alone() {
    // Python: zlib.compress(b"ok"), and the same without the first two and last four bytes.
    let zlib = b"\x78\x9c\xcb\xcf\x06\x00\x01\x4b\x00\xdb";
    assert_eq!(answer_left_open(coded("deflate", zlib)).unwrap(), b"ok");
    assert_eq!(answer_left_open(coded("deflate", &zlib[2..6])).unwrap(), b"ok");
    let wrong = answer_left_open(coded("deflate", &zlib[..9]));
    assert!(matches!(wrong, Err(HttpError::BadCoding { .. })), "{wrong:?}");
    let wrong = answer_left_open(coded("gzip", b"plain text, and the field lies"));
    assert!(matches!(wrong, Err(HttpError::BadCoding { .. })), "{wrong:?}");
    for coding in ["br", "gzip, gzip", "identity", "zstd", "x"] {
        assert_eq!(answer_left_open(coded(coding, b"as it is")).unwrap(), b"as it is", "{coding}");
    }
}

// --- cut ------------------------------------------------------------------------------------------------------------

/// An answer, and the body of the whole of it.
fn cut_everywhere(whole: Vec<u8>, body: &[u8], may_end_at: usize) {
    assert_eq!(answer(whole.clone()).unwrap(), body);
    for cut in 0..whole.len() {
        let outcome = answer(whole[..cut].to_vec());
        if cut < may_end_at {
            assert!(outcome.is_err(), "cut at {cut}: {outcome:?}");
        } else {
            assert_eq!(outcome.unwrap(), body, "cut at {cut}");
        }
    }
}

#[test]
fn an_answer_cut_at_any_place_is_an_error_and_never_a_shorter_body() {
    let all = usize::MAX;
    cut_everywhere(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello".to_vec(), b"hello", all);
    cut_everywhere(
        format!("{CHUNKED}3\r\nhel\r\n2\r\nlo\r\n0\r\nSum: 5\r\n\r\n").into_bytes(),
        b"hello",
        all,
    );
    cut_everywhere(coded("gzip", &gzip(b"hello")), b"hello", all);
    cut_everywhere(b"HTTP/1.1 103 Hi\r\n\r\nHTTP/1.1 204 OK\r\n\r\n".to_vec(), b"", all);
    // The end of the connection says where gzip's end should be, and gzip says where it is.
    let until_close = [&b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"[..], &gzip(b"hello")].concat();
    let head = until_close.len() - gzip(b"hello").len();
    for cut in head + 1..until_close.len() {
        assert!(answer(until_close[..cut].to_vec()).is_err(), "cut at {cut}");
    }
}

/// With a byte a segment the same answers are whole.
#[test]
fn an_answer_in_single_bytes_is_the_same_answer() {
    let whole = format!("{CHUNKED}3;a=b\r\nhel\r\n2\r\nlo\r\n0\r\nSum: 5\r\n\r\n");
    let server = RawServer::one(move |conn| {
        conn.head();
        for byte in whole.bytes() {
            conn.send([byte]);
        }
        conn.gone();
    });
    let (client, _transport) = client();
    let mut response = client.get(&server.url("/")).unwrap();
    assert_eq!(response.read_all(10).unwrap(), b"hello");
    assert_eq!(response.body.trailer().unwrap().get("Sum"), Some("5"));
}

#[test]
fn a_million_brackets_in_a_body_are_an_error_and_not_the_end_of_the_stack() {
    let nest = "[".repeat(1_000_000);
    let server = RawServer::one(move |conn| {
        conn.head();
        conn.send(format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{nest}"));
        conn.finish();
        conn.gone();
    });
    let (client, _transport) = client();
    let mut response = client.get(&server.url("/")).unwrap();
    assert!(Decoder::new(&mut response.body).decode().is_err());
}
