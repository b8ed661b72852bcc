//! Forms before other judges: curl writes one that we read, and Python's `email` reads one that we write.

use std::io::{BufReader, Read, Write};
use std::net::{Shutdown, TcpListener};
use std::process::{Command, Stdio};

use netprog::base::random::Seeded;
use netprog::ch08_http_client::codec::{HeadLimits, read_request_head};
use netprog::ch08_http_client::message::RequestHead;
use netprog::ch08_http_client::multipart::{Form, FormLimits, ReceivedForm, Writer, parse_form};

use crate::support::{PATIENCE, join, output_of, stderr, stdout};

/// Reads a Content-Type line and a body, and prints each part as hexadecimal: name, file's name, content.
const AS_PYTHON_READS_IT: &str = "
import sys, email.parser, email.policy
data = sys.stdin.buffer.read()
message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(data)
for part in message.get_payload():
    assert not part.defects, part.defects
    name = part.get_param('name', header='content-disposition')
    filename = part.get_filename() or ''
    content = part.get_payload(decode=True)
    print(name.encode().hex(), filename.encode().hex() or '-', content.hex() or '-')
assert not message.defects, message.defects
";

fn hex(bytes: &[u8]) -> String {
    let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    if text.is_empty() { "-".to_string() } else { text }
}

/// What curl posts with these arguments: its request's head and the form in its body.
fn posted_by_curl(arguments: &[&str]) -> (RequestHead, ReceivedForm) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut conn, _) = listener.accept().unwrap();
        conn.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut reader = BufReader::new(conn.try_clone().unwrap());
        let head = read_request_head(&mut reader, HeadLimits::default()).unwrap().unwrap();
        let length: u64 = head.header.get("Content-Length").unwrap().parse().unwrap();
        let mut body = reader.take(length);
        let form = parse_form(&mut body, head.header.get("Content-Type"), FormLimits::default()).unwrap();
        assert_eq!(body.limit(), 0, "curl ends its body with the terminator");
        conn.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").unwrap();
        conn.shutdown(Shutdown::Write).unwrap();
        (head, form)
    });
    let mut command = Command::new("curl");
    command.args(["-sS", "--noproxy", "*", "-H", "Expect:"]).args(arguments).arg(url);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let output = output_of(command.spawn().expect("curl starts"));
    assert!(output.status.success(), "{}", stderr(&output));
    join(server)
}

#[test]
#[ignore = "needs curl and python3"]
fn we_read_what_curl_posts() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/files/hiking.svg");
    let file = format!("file=@{path};type=image/svg+xml;filename=a\"b\\c.svg");
    let (head, form) = posted_by_curl(&[
        "-F",
        "date=2006-01-02",
        "-F",
        "empty=",
        "-F",
        "größe=a\r\n--b",
        "--form-escape",
        "-F",
        &file,
    ]);
    assert_eq!(head.method.as_str(), "POST");
    let fields: Vec<_> =
        form.fields.pairs().iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(fields, [("date", "2006-01-02"), ("empty", ""), ("größe", "a\r\n--b")]);
    let file = form.file("file").unwrap();
    assert_eq!(file.header.get("Content-Type"), Some("image/svg+xml"));
    let mut content = Vec::new();
    file.open().unwrap().read_to_end(&mut content).unwrap();
    assert_eq!(content, std::fs::read(path).unwrap());
}

fn read_by_python(content_type: &str, body: &[u8]) -> Vec<String> {
    let mut command = Command::new("python3");
    command.args(["-c", AS_PYTHON_READS_IT]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("python3 starts");
    let mut stdin = child.stdin.take().expect("piped");
    let input = [b"Content-Type: ", content_type.as_bytes(), b"\r\n\r\n", body].concat();
    let writing = std::thread::spawn(move || stdin.write_all(&input));
    let output = output_of(child);
    assert!(output.status.success(), "{}", stderr(&output));
    writing.join().unwrap().unwrap();
    stdout(&output).lines().map(str::to_string).collect()
}

#[test]
#[ignore = "needs curl and python3"]
fn python_reads_the_form_of_the_book() {
    let files = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/files/");
    let mut form = Form::new().unwrap();
    form.field("description", "Form values with attached files");
    form.field("a \"quoted\" \\ name", "");
    form.file("file1", format!("{files}hello.txt")).unwrap();
    let content_type = form.content_type();
    let body = form.into_body().read_all(10_000).unwrap();
    let line = |name: &str, filename: &str, content: &str| {
        format!("{} {} {}", hex(name.as_bytes()), hex(filename.as_bytes()), hex(content.as_bytes()))
    };
    assert_eq!(
        read_by_python(&content_type, &body),
        [
            line("description", "", "Form values with attached files"),
            line("a \"quoted\" \\ name", "", ""),
            line("file1", "hello.txt", "Hello, world!\n"),
        ]
    );
}

#[test]
#[ignore = "needs curl and python3"]
fn python_and_we_find_the_same_parts() {
    let mut random = Seeded::new(88);
    for _ in 0..10 {
        let mut writer = Writer::new(Vec::new()).unwrap();
        let content_type = writer.content_type();
        for index in 0..1 + random.below(20) {
            // Python's parser splits at line ends of every kind; contents with bare ones it gives back as they were.
            let length = random.below(400);
            let content: Vec<u8> =
                (0..length).map(|_| b"\r\n--abcdef\r\n"[random.below(12) as usize]).collect();
            if random.chance(0.5) {
                writer.field(&format!("field {index}"), &content).unwrap();
            } else {
                writer.file(&format!("f{index}"), "x.txt").unwrap().write_all(&content).unwrap();
            }
        }
        let body = writer.finish().unwrap();
        let form = parse_form(&body[..], Some(&content_type), FormLimits::default()).unwrap();
        let mut ours = Vec::new();
        for (name, value) in form.fields.pairs() {
            ours.push(format!("{} - {}", hex(name.as_bytes()), hex(value.as_bytes())));
        }
        for file in &form.files {
            let mut content = Vec::new();
            file.open().unwrap().read_to_end(&mut content).unwrap();
            ours.push(format!("{} {} {}", hex(file.name.as_bytes()), hex(b"x.txt"), hex(&content)));
        }
        let mut theirs = read_by_python(&content_type, &body);
        ours.sort();
        theirs.sort();
        assert_eq!(ours, theirs);
    }
}
