//! A hub: what one client says, every client hears, the speaker too, and all in the same order.
//!
//! ```text
//! client A ──▶ its reader ─┐                     ┌─ queue of A ─▶ its writer ──▶ client A
//!                          ├─ said ─▶ the hub ──▶┤
//! client B ──▶ its reader ─┘          (a thread) └─ queue of B ─▶ its writer ──▶ client B
//! ```
//! The hub owns the list of clients, and nobody else touches it: channels instead of locks. It never waits. A client whose
//! queue is full reads too slowly, and is dropped; waiting for it would make everyone as slow as the slowest.
//!
//! Guide: "Concurrency patterns".

use std::collections::HashMap;
use std::fmt;
use std::io::{self, BufReader};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use super::limits::Limits;
use super::lines::{LineError, read_line};
use crate::base::conn::{Conn, ConnRead, ConnWrite, Interrupter};
use crate::base::deadline::Deadline;
use crate::base::{thread, trace};

/// Lines that wait for a client to take them. More, and it is too slow.
pub const QUEUE_LINES: usize = 64;

/// Lines that wait for the hub. Readers wait when it is full, so that no client can send faster than the hub hands out.
const HUB_QUEUE: usize = 64;

enum Event {
    Joined { number: u64, queue: SyncSender<Arc<[u8]>>, interrupter: Interrupter },
    Said(Arc<[u8]>),
    Left(u64),
}

/// The hub. When it is dropped, and all its clients have left, its thread ends.
pub struct Hub {
    events: SyncSender<Event>,
    next_number: Mutex<u64>,
    thread: Option<JoinHandle<()>>,
}

impl Hub {
    /// Starts the hub's thread.
    ///
    /// # Errors
    /// The system's, when it has no thread to give.
    pub fn start() -> io::Result<Hub> {
        let (events, received) = sync_channel(HUB_QUEUE);
        let thread = thread::spawn("hub", move || distribute(&received))?;
        Ok(Hub { events, next_number: Mutex::new(1), thread: Some(thread) })
    }

    /// Serves a client until it leaves: hands its lines to the hub, and the hub's to it.
    ///
    /// # Errors
    /// What reading gives; [`io::ErrorKind::InvalidData`] for a line longer than `max_line`;
    /// [`io::ErrorKind::ConnectionAborted`] for a client dropped because it read too slowly.
    pub fn serve(&self, conn: Box<dyn Conn>, limits: &Limits, max_line: usize) -> io::Result<()> {
        let number = self.take_number();
        let (queue, to_write) = sync_channel(QUEUE_LINES);
        let interrupter = conn.interrupter();
        let (reader, writer) = conn.split()?;
        let limits = *limits;
        let broken = interrupter.clone();
        let writer = thread::spawn("chat-write", move || {
            if write_lines(writer, &to_write, &limits).is_err() {
                // The reader must hear of it, or it would wait for a client that is gone.
                broken.interrupt();
            }
        })?;
        self.tell(Event::Joined { number, queue, interrupter })?;
        let outcome = self.hand_over_lines(reader, &limits, max_line);
        // The hub drops the client's queue, and with it the writer ends, after the lines it still holds.
        self.tell(Event::Left(number))?;
        let _ = writer.join();
        outcome
    }

    fn take_number(&self) -> u64 {
        let mut next = self.next_number.lock().unwrap_or_else(PoisonError::into_inner);
        *next += 1;
        *next - 1
    }

    fn tell(&self, event: Event) -> io::Result<()> {
        self.events.send(event).map_err(|_| io::Error::other("the hub has ended"))
    }

    fn hand_over_lines(&self, reader: Box<dyn ConnRead>, limits: &Limits, max_line: usize) -> io::Result<()> {
        let mut reader = BufReader::with_capacity(2048, reader);
        loop {
            reader.get_mut().set_read_deadline(Deadline::from(limits.idle));
            let mut line = match read_line(&mut reader, max_line) {
                Ok(Some(line)) => line,
                Ok(None) => return Ok(()),
                Err(LineError::Io(error)) if error.kind() == io::ErrorKind::TimedOut => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            line.push(b'\n');
            self.tell(Event::Said(line.into()))?;
        }
    }
}

fn write_lines(
    mut writer: Box<dyn ConnWrite>,
    lines: &Receiver<Arc<[u8]>>,
    limits: &Limits,
) -> io::Result<()> {
    for line in lines {
        writer.set_write_deadline(Deadline::from(limits.write));
        writer.write_all(&line)?;
    }
    Ok(())
}

struct Client {
    queue: SyncSender<Arc<[u8]>>,
    interrupter: Interrupter,
}

/// The hub's thread.
fn distribute(events: &Receiver<Event>) {
    let mut clients: HashMap<u64, Client> = HashMap::new();
    for event in events {
        match event {
            Event::Joined { number, queue, interrupter } => {
                clients.insert(number, Client { queue, interrupter });
            }
            Event::Left(number) => {
                clients.remove(&number);
            }
            Event::Said(line) => clients.retain(|number, client| hears(*number, client, &line)),
        }
    }
}

/// Puts a line into a client's queue. `false`: the client is dropped.
fn hears(number: u64, client: &Client, line: &Arc<[u8]>) -> bool {
    match client.queue.try_send(Arc::clone(line)) {
        Ok(()) => true,
        Err(TrySendError::Full(_)) => {
            trace::note(|| format!("client {number} reads too slowly and is dropped"));
            client.interrupter.interrupt();
            false
        }
        Err(TrySendError::Disconnected(_)) => false,
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        // The thread ends when the last sender is gone, and ours is one.
        let (closed, _) = sync_channel(0);
        self.events = closed;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("hub")
    }
}
