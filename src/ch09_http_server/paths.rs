//! Paths and hosts as multiplexers compare them.

use crate::ch08_http_client::url::path::clean;

/// The host in small letters, without port and the dot of a full name.
pub(super) fn bare_host(host: &str) -> String {
    let name = match host.rsplit_once(':') {
        // `[::1]` has colons and no port.
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

/// [`clean`] for paths of requests: they begin with a slash, and one at their end stays.
pub(super) fn clean_path(path: &str) -> String {
    let mut cleaned = clean(&format!("/{path}"));
    if path.ends_with('/') && !cleaned.ends_with('/') {
        cleaned.push('/');
    }
    cleaned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clean_path_keeps_its_last_slash() {
        for (path, cleaned) in [
            ("", "/"),
            ("//", "/"),
            ("a", "/a"),
            ("/a/", "/a/"),
            ("/a//", "/a/"),
            ("/a/..", "/"),
            ("/a/b/../", "/a/"),
            ("/a/.", "/a"),
        ] {
            assert_eq!(clean_path(path), cleaned, "{path}");
            assert_eq!(clean_path(cleaned), cleaned);
        }
    }

    #[test]
    fn a_host_has_neither_port_nor_capitals() {
        for (host, bare) in [
            ("Test:80", "test"),
            ("test.", "test"),
            ("test.:80", "test"),
            ("test:", "test"),
            ("[::1]:80", "[::1]"),
            ("[::1]", "[::1]"),
            ("", ""),
        ] {
            assert_eq!(bare_host(host), bare);
        }
    }
}
