//! Ports by number and by name: `443` and `https`.
//!
//! The names are those of chapter 2's table, [`SERVICES`].
//!
//! Book: text after Listing 3-3.

use super::address::{AddressError, shown};
use crate::ch02_addresses::ports::SERVICES;

/// The port that `text` means: a number, a service name in any case, or nothing, which is 0.
///
/// # Errors
/// [`AddressError::PortOutOfRange`], [`AddressError::UnknownService`].
pub fn port_number(text: &str) -> Result<u16, AddressError> {
    if text.is_empty() {
        return Ok(0);
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        // However many digits there are, the only way to fail is to be too great.
        return text.parse().map_err(|_| AddressError::PortOutOfRange(shown(text)));
    }
    for (name, port) in SERVICES {
        if name.eq_ignore_ascii_case(text) {
            return Ok(*port);
        }
    }
    Err(AddressError::UnknownService(shown(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> AddressError {
        port_number(text).unwrap_err()
    }

    #[test]
    fn numbers_names_in_any_case_and_nothing_are_ports() {
        for (text, port) in [("", 0), ("0", 0), ("0080", 80), ("65535", 65535), ("http", 80), ("HTTPS", 443)]
        {
            assert_eq!(port_number(text), Ok(port), "{text:?}");
        }
    }

    #[test]
    fn every_service_is_found_by_its_name() {
        for (name, port) in SERVICES {
            assert_eq!(port_number(name), Ok(*port));
        }
    }

    #[test]
    fn ports_beyond_sixteen_bits_and_unknown_services_are_refused() {
        for port in ["65536", "99999999999999999999999999"] {
            assert_eq!(refused(port), AddressError::PortOutOfRange(port.into()));
        }
        for port in ["-1", "+80", "8 0", " 80", "0x50", "htpp", "٨٠"] {
            let error = refused(port);
            assert!(matches!(error, AddressError::UnknownService(_)), "{port}: {error:?}");
        }
    }
}
