//! A service for members of certain groups: `ch07_creds users staff`. Listings 7-14 to 7-16.
//!
//! Try it with `nc -U /tmp/creds.sock`, and as somebody else with `sudo -g staff -- nc -U /tmp/creds.sock`. Ctrl-C and SIGTERM
//! end it and leave no file. `NETPROG_TRACE=ch07` shows what moves.

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    unix::main()
}

#[cfg(not(unix))]
fn main() -> std::process::ExitCode {
    let _ = std::io::Write::write_all(
        &mut std::io::stderr(),
        b"ch07_creds: there are no Unix domain sockets here\n",
    );
    std::process::ExitCode::FAILURE
}

#[cfg(unix)]
mod unix {
    use std::io::{self, Write};
    use std::path::PathBuf;
    use std::process::ExitCode;
    use std::sync::Arc;

    use netprog::base::flags::{Flags, Parsed};
    use netprog::base::log::{self, Logger};
    use netprog::base::serve::{ServeConfig, serve};
    use netprog::base::show::printable;
    use netprog::base::{signal, trace};
    use netprog::ch03_tcp::limits::Limits;
    use netprog::ch07_unix::groups::{Accounts, AllowedGroups, Policy, SystemAccounts};
    use netprog::ch07_unix::service::GroupService;
    use netprog::ch07_unix::socket_file::Access;
    use netprog::ch07_unix::stream::listen_unix;

    const NAME: &str = "ch07_creds";

    const ABOUT: &str = "\
Greets who connects to its socket and is a member of one of the groups, and nobody else.

Policies: which groups of a client count.
  effective   the effective group of its process: what sudo -g changes
  process     that and the further groups of its process
  account     the groups its user has by the database, whatever its process has";

    fn flags() -> Flags {
        let default = std::env::temp_dir().join("creds.sock");
        let mut flags = Flags::new(NAME, "[options] GROUP...");
        flags.about(ABOUT);
        flags.string("socket", &default.to_string_lossy(), "the path of the socket");
        flags.string("policy", "process", "effective, process or account");
        flags.string("mode", "0660", "who may connect at all, as for chmod");
        flags.string("group", "", "the group the socket's file belongs to");
        flags
    }

    struct Plan {
        socket: PathBuf,
        policy: Policy,
        mode: u32,
        group: Option<String>,
        names: Vec<String>,
    }

    fn plan(parsed: &Parsed) -> Result<Plan, String> {
        if parsed.rest().is_empty() {
            return Err("no group was named".to_string());
        }
        Ok(Plan {
            socket: PathBuf::from(parsed.string("socket")),
            policy: parsed.string("policy").parse()?,
            mode: mode(parsed.string("mode"))?,
            group: Some(parsed.string("group").to_string()).filter(|name| !name.is_empty()),
            names: parsed.rest().to_vec(),
        })
    }

    /// Permission bits from octal digits.
    fn mode(text: &str) -> Result<u32, String> {
        match u32::from_str_radix(text, 8) {
            Ok(mode) if mode <= 0o777 => Ok(mode),
            _ => Err(format!("-mode takes permissions in octal, such as 0660, and not {text:?}")),
        }
    }

    pub fn main() -> ExitCode {
        trace::chapter("ch07");
        let _me = trace::party(NAME);
        let flags = flags();
        let plan = match plan(&flags.parse_or_exit()) {
            Ok(plan) => plan,
            Err(mistake) => flags.usage_error(&mistake),
        };
        match run(&plan) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                let _ = writeln!(io::stderr(), "{NAME}: {}", printable(error.to_string().as_bytes()));
                ExitCode::FAILURE
            }
        }
    }

    fn run(plan: &Plan) -> io::Result<()> {
        let log = Logger::new(Box::new(io::stderr()), &format!("{NAME}: "), log::STD | log::MSG_PREFIX);
        let allowed = AllowedGroups::from_names(&plan.names, &SystemAccounts, &log);
        if allowed.is_empty() {
            log.println("none of the groups is known, so nobody will be let in");
        }
        let access = Access { mode: plan.mode, group: file_group(plan)? };
        // Before the file: a signal between the two would leave it behind.
        let stop = signal::stop_token()?;
        let (listener, _removed_on_return) = listen_unix(&plan.socket, access)?;
        announce(plan)?;
        let reporting = log.clone();
        let config = ServeConfig {
            name: "creds",
            report: Box::new(move |incident| reporting.println_with("incident", &[("what", incident)])),
            ..ServeConfig::default()
        };
        // As in the book, a welcome client may stay as long as it likes.
        let limits = Limits { idle: None, ..Limits::default() };
        let accounts: Arc<dyn Accounts> = Arc::new(SystemAccounts);
        let service = GroupService { allowed, policy: plan.policy, accounts, limits, log };
        serve(Arc::new(listener), config, &stop, move |conn, cancel| service.handle(conn, cancel))?;
        Ok(())
    }

    fn file_group(plan: &Plan) -> io::Result<Option<u32>> {
        let Some(name) = &plan.group else { return Ok(None) };
        match SystemAccounts.group(name)? {
            Some(number) => Ok(Some(number)),
            None => {
                let message = format!("there is no group {name:?} to give the socket to");
                Err(io::Error::new(io::ErrorKind::NotFound, message))
            }
        }
    }

    fn announce(plan: &Plan) -> io::Result<()> {
        let mut out = io::stdout().lock();
        writeln!(out, "{NAME}: listening on {}", plan.socket.display())?;
        out.flush()
    }
}
