//! `-v`: both heads on standard error, `>` before what goes out and `<` before what comes in, as curl has it.

use netprog::ch08_http_client::codec;
use netprog::ch08_http_client::observer::Event;

use crate::output;

/// Fields whose values are secrets.
const SECRETS: [&str; 3] = ["authorization", "proxy-authorization", "cookie"];

/// Shows what the transport does.
pub fn show(event: Event<'_>) {
    match event {
        Event::Proxy(at) => output::say(&format!("* by the proxy {at}")),
        Event::RequestHead(head) => output::show('>', &without_secrets(head)),
        Event::ResponseHead(head) => {
            let mut shown = Vec::new();
            // What has been read can be written.
            let _ = codec::write_response_head(&mut shown, head);
            output::show('<', &shown);
        }
    }
}

fn without_secrets(head: &[u8]) -> Vec<u8> {
    let mut shown = Vec::new();
    for line in head.split_inclusive(|byte| *byte == b'\n') {
        let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
        if SECRETS.iter().any(|secret| name.eq_ignore_ascii_case(secret.as_bytes())) {
            shown.extend_from_slice(name);
            shown.extend_from_slice(b": (hidden)\r\n");
        } else {
            shown.extend_from_slice(line);
        }
    }
    shown
}
