//! The request the flags ask for.

use std::fs::File;
use std::io::{self, Read};

use netprog::base::flags::Parsed;
use netprog::ch08_http_client::auth::Basic;
use netprog::ch08_http_client::body::Body;
use netprog::ch08_http_client::form;
use netprog::ch08_http_client::method::Method;
use netprog::ch08_http_client::multipart::{Form, base_name};
use netprog::ch08_http_client::request::Request;
use netprog::ch08_http_client::url::Url;

use crate::exit::Failure;

/// A request, and whether its response may come compressed.
pub struct Asked {
    pub request: Request,
    pub decode: bool,
}

pub fn request(parsed: &Parsed, url: Url) -> Result<Asked, Failure> {
    let mut request = Request::to(method(parsed)?, url);
    add_body(&mut request, parsed)?;
    if parsed.was_given("u") {
        let (user, password) = parsed.string("u").split_once(':').unwrap_or((parsed.string("u"), ""));
        let basic = Basic::new(user, password).map_err(|error| Failure::Usage(format!("-u: {error}")))?;
        request.header.set("Authorization", basic.header_value());
    }
    let mut decode = true;
    let mut given: Vec<&str> = Vec::new();
    for field in parsed.strings("H") {
        let Some((name, value)) = field.split_once(':') else {
            return Err(Failure::Usage(format!("-H {field:?} has no colon")));
        };
        let (name, value) = (name.trim_end(), value.trim());
        match (name.to_ascii_lowercase().as_str(), value) {
            ("accept-encoding", "") => decode = false,
            // The client adds them where they are missing, and leaves them out where they are empty.
            ("user-agent" | "host", "") => request.header.set(name, ""),
            (_, "") => drop(request.header.remove(name)),
            // What stands there by itself is replaced; a field given twice is sent twice.
            _ if given.iter().any(|before| before.eq_ignore_ascii_case(name)) => {
                request.header.add(name, value);
            }
            _ => request.header.set(name, value),
        }
        given.push(name);
    }
    Ok(Asked { request, decode })
}

fn method(parsed: &Parsed) -> Result<Method, Failure> {
    let has_body = !parsed.strings("d").is_empty() || !parsed.strings("F").is_empty();
    match parsed.string("X") {
        "" if parsed.bool("I") => Ok(Method::HEAD),
        "" if has_body => Ok(Method::POST),
        "" => Ok(Method::GET),
        name => Method::from_token(name.as_bytes()).map_err(|error| Failure::Usage(format!("-X: {error}"))),
    }
}

fn add_body(request: &mut Request, parsed: &Parsed) -> Result<(), Failure> {
    if !parsed.strings("F").is_empty() {
        let form = multipart(parsed.strings("F"))?;
        request.header.set("Content-Type", form.content_type());
        request.body = form.into_body();
    } else if !parsed.strings("d").is_empty() {
        request.header.set("Content-Type", form::MEDIA_TYPE);
        request.body = data(parsed.strings("d"))?;
    }
    Ok(())
}

/// One file is sent while it is read; several pieces are joined as the pairs of a form.
fn data(pieces: &[String]) -> Result<Body, Failure> {
    if let [piece] = pieces {
        return match piece.strip_prefix('@') {
            Some("-") => Ok(Body::stream(io::stdin())),
            Some(name) => file(name),
            None => Ok(Body::from(piece.as_str())),
        };
    }
    let mut all = Vec::new();
    for (index, piece) in pieces.iter().enumerate() {
        if index > 0 {
            all.push(b'&');
        }
        let mut body = match piece.strip_prefix('@') {
            Some("-") => Body::stream(io::stdin()),
            Some(name) => file(name)?,
            None => Body::from(piece.as_str()),
        };
        body.read_to_end(&mut all).map_err(|error| Failure::Read(format!("{piece}: {error}")))?;
    }
    Ok(Body::from(all))
}

fn file(name: &str) -> Result<Body, Failure> {
    let opened = File::open(name).and_then(|file| {
        if file.metadata()?.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        Body::file(file)
    });
    opened.map_err(|error| Failure::Read(format!("{name}: {error}")))
}

/// `name=value`, `name=@file;type=text/plain;filename=other.txt`.
fn multipart(parts: &[String]) -> Result<Form, Failure> {
    let mut form = Form::new().map_err(Failure::Local)?;
    for part in parts {
        let Some((name, value)) = part.split_once('=') else {
            return Err(Failure::Usage(format!("-F {part:?} has no equals sign")));
        };
        let Some(path) = value.strip_prefix('@') else {
            form.field(name, value);
            continue;
        };
        let mut words = path.split(';');
        let path = words.next().unwrap_or_default();
        let (mut media_type, mut sent_as) = ("application/octet-stream", base_name(path));
        for word in words {
            match word.trim().split_once('=') {
                Some(("type", given)) => media_type = given,
                Some(("filename", given)) => sent_as = given,
                _ => {
                    return Err(Failure::Usage(format!(
                        "-F {part:?}: {word:?} is neither type= nor filename="
                    )));
                }
            }
        }
        form.file_as(name, path, sent_as, media_type).map_err(|error| Failure::Read(error.to_string()))?;
    }
    Ok(form)
}
