//! Ctrl-C and SIGTERM as a token, as Go's `signal.NotifyContext`.

use std::io;

use super::cancel::Cancel;
#[cfg(unix)]
use super::sys::signals;

/// A token that ends when the process is told to stop, by SIGINT (Ctrl-C) or SIGTERM. A second signal of the same kind
/// ends the process at once, so that a shutdown that hangs can be cut short. To be called once, by `main`.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] when called twice; what the system says about the handler.
#[cfg(unix)]
pub fn stop_token() -> io::Result<Cancel> {
    let token = Cancel::new();
    let mut signals = signals::catch_interrupt_and_terminate()?;
    let ended = token.clone();
    let started = std::thread::Builder::new().name("signals".to_string()).spawn(move || {
        // An error here would mean the pipe broke; stopping is then the safe answer.
        let _ = signals.wait();
        ended.cancel();
    });
    started.map_err(|error| {
        io::Error::new(error.kind(), format!("there is no thread to wait for signals: {error}"))
    })?;
    Ok(token)
}

/// Where there are no Unix signals the token never ends by itself; Ctrl-C ends the process as usual.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn stop_token() -> io::Result<Cancel> {
    Ok(Cancel::new())
}
