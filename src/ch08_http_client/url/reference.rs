//! Relative references: what `../images/gopher.png` means in a page that came from `http://host/a/b/page.html`.
//!
//! ```text
//!   scheme   authority         path            query  fragment      RFC 3986, 3 and appendix B
//!   ┌──┐   ┌───────────┐┌──────────────────┐ ┌─────┐ ┌──────┐
//!   http://user@host:80/images/gopher.png ? size=1 # ears
//! ```
//! [`resolve`] takes the parts that the reference has, and from the base those before them (RFC 3986, 5.2). It works on any
//! URI, also on those without a host, such as `mailto:gopher@example.com`, where only the scheme must be there.

use super::error::{UrlError, without_secrets};

/// The five parts of a URI or of a relative reference, each as it is written. None of them is checked but the scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference<'a> {
    /// What stands before the first colon.
    pub scheme: Option<&'a str>,
    /// What stands between `//` and the path.
    pub authority: Option<&'a str>,
    /// The path; may be empty.
    pub path: &'a str,
    /// What stands behind the first `?`.
    pub query: Option<&'a str>,
    /// What stands behind the first `#`.
    pub fragment: Option<&'a str>,
}

impl<'a> Reference<'a> {
    /// Takes the text apart.
    ///
    /// # Errors
    /// [`UrlError::EmptyScheme`], [`UrlError::BadScheme`]. A relative path whose first segment has a colon is one of them:
    /// it is written `./a:b` (RFC 3986, 4.2).
    pub fn split(text: &'a str) -> Result<Reference<'a>, UrlError> {
        let (rest, fragment) = cut(text, '#');
        let (rest, query) = cut(rest, '?');
        let first_segment = rest.split('/').next().unwrap_or("");
        let (scheme, rest) = match first_segment.split_once(':') {
            Some((scheme, _)) => (Some(scheme), &rest[scheme.len() + 1..]),
            None => (None, rest),
        };
        scheme.map_or(Ok(()), |scheme| check_scheme(scheme, text))?;
        let (authority, path) = match rest.strip_prefix("//") {
            Some(rest) => {
                let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
                (Some(authority), path)
            }
            None => (None, rest),
        };
        Ok(Reference { scheme, authority, path, query, fragment })
    }

    /// The parts as one text again, with another path. RFC 3986, 5.3.
    fn with_path(&self, path: &str) -> String {
        let mut text = String::new();
        if let Some(scheme) = self.scheme {
            text.push_str(scheme);
            text.push(':');
        }
        match self.authority {
            Some(authority) => {
                text.push_str("//");
                text.push_str(authority);
            }
            // Without the dot the path's first segment would be read as an authority.
            None if path.starts_with("//") => text.push_str("/."),
            None => {}
        }
        text.push_str(path);
        for (mark, part) in [('?', self.query), ('#', self.fragment)] {
            if let Some(part) = part {
                text.push(mark);
                text.push_str(part);
            }
        }
        text
    }
}

fn cut(text: &str, mark: char) -> (&str, Option<&str>) {
    match text.split_once(mark) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

fn check_scheme(scheme: &str, text: &str) -> Result<(), UrlError> {
    if scheme.is_empty() {
        return Err(UrlError::EmptyScheme(without_secrets(text)));
    }
    let letters = scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    if letters && scheme.as_bytes()[0].is_ascii_alphabetic() {
        Ok(())
    } else {
        Err(UrlError::BadScheme(scheme.to_string()))
    }
}

/// What `reference` means where `base` is the whole URI of the document it stands in. The base's fragment has no part in it.
///
/// # Errors
/// Those of [`Reference::split`] for either, and [`UrlError::NoScheme`] for a base that is relative itself.
pub fn resolve(base: &str, reference: &str) -> Result<String, UrlError> {
    let base_text = base;
    let base = Reference::split(base)?;
    let reference = Reference::split(reference)?;
    if base.scheme.is_none() {
        return Err(UrlError::NoScheme(without_secrets(base_text)));
    }
    // RFC 3986, 5.2.2, in its order: from which part on does the reference speak for itself?
    if reference.scheme.is_some() {
        return Ok(reference.with_path(&remove_dot_segments(reference.path)));
    }
    let found = Reference { scheme: base.scheme, ..reference };
    if found.authority.is_some() {
        return Ok(found.with_path(&remove_dot_segments(found.path)));
    }
    let found = Reference { authority: base.authority, ..found };
    if found.path.is_empty() {
        return Ok(Reference { query: found.query.or(base.query), ..found }.with_path(base.path));
    }
    if found.path.starts_with('/') {
        return Ok(found.with_path(&remove_dot_segments(found.path)));
    }
    Ok(found.with_path(&remove_dot_segments(&merge(&base, found.path))))
}

/// The relative path in the place of the base's last segment. RFC 3986, 5.2.3.
fn merge(base: &Reference<'_>, path: &str) -> String {
    match base.path.rfind('/') {
        Some(slash) => format!("{}{path}", &base.path[..=slash]),
        None if base.authority.is_some() => format!("/{path}"),
        None => path.to_string(),
    }
}

/// The path without `.` and `..`, which are steps and no names. RFC 3986, 5.2.4.
///
/// Unlike [`clean`](super::path::clean) it keeps doubled slashes and the slash at the end, and it never climbs above the
/// root of a relative path either. Escaped dots (`%2e`) are names.
pub fn remove_dot_segments(path: &str) -> String {
    let mut input = path;
    let mut output = String::with_capacity(path.len());
    while !input.is_empty() {
        if let Some(rest) = input.strip_prefix("../").or_else(|| input.strip_prefix("./")) {
            input = rest;
        } else if input.starts_with("/./") {
            input = &input[2..];
        } else if input == "/." {
            input = "/";
        } else if input.starts_with("/../") || input == "/.." {
            output.truncate(output.rfind('/').unwrap_or(0));
            input = if input == "/.." { "/" } else { &input[3..] };
        } else if input == "." || input == ".." {
            input = "";
        } else {
            let start = usize::from(input.starts_with('/'));
            let end = input[start..].find('/').map_or(input.len(), |at| start + at);
            output.push_str(&input[..end]);
            input = &input[end..];
        }
    }
    output
}

#[cfg(test)]
mod tests;
