//! Whether a cookie is for a host, and for a path. RFC 6265, 5.1.3 and 5.1.4.

use std::net::IpAddr;

/// Whether the host is the domain or lies in it. In an address nothing lies: `1.2.3.4` is not in `3.4`.
pub(super) fn domain_matches(host: &str, domain: &str) -> bool {
    if host == domain {
        return true;
    }
    let lies_in = host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
    lies_in && !domain.is_empty() && host.parse::<IpAddr>().is_err()
}

/// Whether the path is the cookie's or lies below it: `/docs` takes `/docs/a` and not `/docs2`.
pub(super) fn path_matches(path: &str, cookie_path: &str) -> bool {
    match path.strip_prefix(cookie_path) {
        Some(rest) => rest.is_empty() || cookie_path.ends_with('/') || rest.starts_with('/'),
        None => false,
    }
}

/// The folder of a path: where a cookie belongs that names no path.
pub(super) fn default_path(path: &str) -> &str {
    match path.rfind('/') {
        Some(0) | None => "/",
        Some(last) => &path[..last],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_lies_in_its_own_domain_and_in_those_above_it() {
        for (host, domain, matches) in [
            ("example.com", "example.com", true),
            ("a.example.com", "example.com", true),
            ("a.b.example.com", "example.com", true),
            ("example.com", "a.example.com", false),
            ("badexample.com", "example.com", false),
            ("example.com", "ample.com", false),
            ("example.com", "", false),
            ("example.com.", "", false),
            ("1.2.3.4", "1.2.3.4", true),
            ("1.2.3.4", "3.4", false),
            ("::1", "::1", true),
            ("a.1.2.3.4", "1.2.3.4", true),
        ] {
            assert_eq!(domain_matches(host, domain), matches, "{host} in {domain:?}");
        }
    }

    #[test]
    fn a_path_lies_below_its_folders_and_not_below_what_only_begins_alike() {
        for (path, cookie_path, matches) in [
            ("/", "/", true),
            ("/docs", "/", true),
            ("/docs", "/docs", true),
            ("/docs/", "/docs", true),
            ("/docs/a", "/docs", true),
            ("/docs/a", "/docs/", true),
            ("/docs", "/docs/", false),
            ("/docs2", "/docs", false),
            ("/Docs", "/docs", false),
            ("/", "/docs", false),
        ] {
            assert_eq!(path_matches(path, cookie_path), matches, "{path} below {cookie_path}");
        }
    }

    #[test]
    fn a_cookie_without_a_path_belongs_to_the_folder() {
        for (path, folder) in [
            ("", "/"),
            ("/", "/"),
            ("/a", "/"),
            ("/a/", "/a"),
            ("/a/b", "/a"),
            ("/a/b/", "/a/b"),
            ("//", "/"),
        ] {
            assert_eq!(default_path(path), folder, "{path:?}");
        }
    }
}
