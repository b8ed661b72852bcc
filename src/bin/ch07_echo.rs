//! Chapter 7's echo servers: `ch07_echo -type stream /tmp/echo.sock`.
//!
//! Try it with `nc -U /tmp/echo.sock`; datagrams with `socat - UNIX-SENDTO:/tmp/echo.sock,bind=/tmp/me.sock`, records with
//! `socat - UNIX-CONNECT:/tmp/echo.sock,socktype=5`. Ctrl-C and SIGTERM end it and leave no file.

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    unix::main()
}

#[cfg(not(unix))]
fn main() -> std::process::ExitCode {
    let _ = std::io::Write::write_all(
        &mut std::io::stderr(),
        b"ch07_echo: there are no Unix domain sockets here\n",
    );
    std::process::ExitCode::FAILURE
}

#[cfg(unix)]
mod unix {
    use std::io::{self, Write};
    use std::path::Path;
    use std::process::ExitCode;
    use std::sync::Arc;

    use netprog::base::cancel::Cancel;
    use netprog::base::conn::{Listener, TcpSocketListener, UnixSocketListener};
    use netprog::base::flags::Flags;
    use netprog::base::serve::{ServeConfig, serve};
    use netprog::base::show::printable;
    use netprog::base::{signal, trace};
    use netprog::ch03_tcp::echo::echo;
    use netprog::ch03_tcp::limits::Limits;
    use netprog::ch07_unix::inherited::{self, Inherited};
    use netprog::ch07_unix::socket_file::Access;
    use netprog::ch07_unix::{datagram, stream};

    const NAME: &str = "ch07_echo";

    #[derive(Clone, Copy)]
    enum Kind {
        Stream,
        Datagram,
        SeqPacket,
    }

    fn flags() -> Flags {
        let mut flags = Flags::new(NAME, "[options] PATH");
        flags.about(
            "Sends back what comes to the socket at PATH.\n\
             With -inherited it serves the stream listener that was handed to it (LISTEN_PID, LISTEN_FDS), and takes no path.",
        );
        flags.string("type", "stream", "stream, datagram or seqpacket");
        flags.string("mode", "0600", "who may connect, as for chmod");
        flags.bool("inherited", "adopt descriptor 3 as the listener");
        flags
    }

    pub fn main() -> ExitCode {
        trace::chapter("ch07");
        let _me = trace::party(NAME);
        let flags = flags();
        let parsed = flags.parse_or_exit();
        let kind = match parsed.string("type") {
            "stream" => Kind::Stream,
            "datagram" => Kind::Datagram,
            "seqpacket" => Kind::SeqPacket,
            other => flags.usage_error(&format!("there is no type {other:?}")),
        };
        let mode = match u32::from_str_radix(parsed.string("mode"), 8) {
            Ok(mode) if mode <= 0o777 => mode,
            _ => flags.usage_error("-mode takes permissions in octal, such as 0660"),
        };
        let outcome = match (parsed.bool("inherited"), parsed.rest()) {
            (true, []) => run_inherited(),
            (false, [path]) => run(kind, Path::new(path), Access { mode, group: None }),
            (true, _) => flags.usage_error("an inherited listener has its path already"),
            (false, _) => flags.usage_error("one path is wanted"),
        };
        match outcome {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                complain(&error.to_string());
                ExitCode::FAILURE
            }
        }
    }

    fn run(kind: Kind, path: &Path, access: Access) -> io::Result<()> {
        // Before the file: a signal between the two would leave it behind.
        let stop = signal::stop_token()?;
        match kind {
            Kind::Stream => {
                let (listener, _removed_on_return) = stream::listen_unix(path, access)?;
                announce(&path.display().to_string())?;
                serve_streams(listener, &stop)
            }
            Kind::Datagram => {
                let (socket, _removed_on_return) = datagram::bind(path, access)?;
                announce(&path.display().to_string())?;
                datagram::serve(&socket, &stop, |unanswered| complain(&unanswered.to_string()))
            }
            Kind::SeqPacket => serve_records(path, access, &stop),
        }
    }

    #[cfg(target_os = "linux")]
    fn serve_records(path: &Path, access: Access, stop: &Cancel) -> io::Result<()> {
        use netprog::ch07_unix::seqpacket;
        let (listener, _removed_on_return) = seqpacket::listen(path, access)?;
        announce(&path.display().to_string())?;
        let limits = Limits::default();
        serve(Arc::new(listener), config(), stop, move |conn, _| seqpacket::echo_records(conn, &limits))?;
        Ok(())
    }

    #[cfg(not(target_os = "linux"))]
    fn serve_records(_path: &Path, _access: Access, _stop: &Cancel) -> io::Result<()> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "sequenced packets are there on Linux only"))
    }

    fn run_inherited() -> io::Result<()> {
        let stop = signal::stop_token()?;
        let mut found = inherited::listeners().map_err(io::Error::other)?;
        if found.len() > 1 {
            return Err(io::Error::other("more than one listener was handed over"));
        }
        match found.pop() {
            None => Err(io::Error::other("no listener was handed over (LISTEN_PID, LISTEN_FDS)")),
            Some(Inherited::Unix(listener)) => {
                let listener = UnixSocketListener::new(listener)?;
                announce(&Listener::local(&listener).to_string())?;
                serve_streams(listener, &stop)
            }
            Some(Inherited::Tcp(listener)) => {
                let listener = TcpSocketListener::new(listener)?;
                announce(&listener.socket_addr().to_string())?;
                serve_streams(listener, &stop)
            }
        }
    }

    fn serve_streams(listener: impl Listener + 'static, stop: &Cancel) -> io::Result<()> {
        let limits = Limits::default();
        serve(Arc::new(listener), config(), stop, move |conn, _| echo(conn, &limits))?;
        Ok(())
    }

    fn config() -> ServeConfig {
        let report = Box::new(|incident: &netprog::base::serve::Incident| complain(&incident.to_string()));
        ServeConfig { name: "echo", report, ..ServeConfig::default() }
    }

    fn announce(place: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        writeln!(out, "{NAME}: listening on {place}")?;
        out.flush()
    }

    /// One line on standard error, whatever a path has in it. It must not panic when nobody reads it, as eprintln! would.
    fn complain(message: &str) {
        let _ = writeln!(io::stderr(), "{NAME}: {}", printable(message.as_bytes()));
    }
}
