//! Domains in which strangers have their hosts, so that a cookie for all of them is none of one host's business.
//!
//! The whole list (publicsuffix.org) has ten thousand lines and changes every week. This one is short and not whole: enough to
//! show what the rule is for, and to hold where most people are. `Jar::with_suffixes` takes a better one.

/// Suffixes of several labels. Those of one label (`com`, `de`, `localhost`) need no list.
#[rustfmt::skip]
const SEVERAL_LABELS: [&str; 44] = [
    // Registries that sell names below a second label
    "ac.jp", "ac.uk", "co.id", "co.il", "co.in", "co.jp", "co.ke", "co.kr", "co.nz", "co.th", "co.uk", "co.za", "com.ar",
    "com.au", "com.br", "com.cn", "com.hk", "com.mx", "com.my", "com.pl", "com.sg", "com.tr", "com.tw", "com.ua", "edu.au",
    "gov.uk", "ne.jp", "net.au", "org.au", "org.uk",
    // Houses that give everybody a host
    "appspot.com", "azurewebsites.net", "blogspot.com", "cloudfront.net", "fly.dev", "github.io", "gitlab.io",
    "herokuapp.com", "netlify.app", "ngrok.io", "pages.dev", "vercel.app", "web.app", "workers.dev",
];

/// Whether the domain (in small letters, no dot at its beginning) is one label, or on our short list.
pub fn is_known_suffix(domain: &str) -> bool {
    !domain.contains('.') || SEVERAL_LABELS.contains(&domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_label_is_always_a_suffix_and_of_others_those_we_know() {
        for suffix in ["com", "localhost", "co.uk", "github.io", ""] {
            assert!(is_known_suffix(suffix), "{suffix}");
        }
        for domain in ["example.com", "example.co.uk", "gopher.github.io", "uk.co", "io.github"] {
            assert!(!is_known_suffix(domain), "{domain}");
        }
    }
}
