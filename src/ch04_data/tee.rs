//! One stream for several readers and writers: copies of what passes, on the way in and on the way out.
//!
//! ```text
//!            TeeReader                              MultiWriter
//! conn ──▶ read ──┬──▶ caller        caller ──▶ write ──┬──▶ first sink
//!                 └──▶ sink                             ├──▶ second sink
//!                                                       └──▶ …
//! ```
//! Both are as slow as their slowest sink, and both are *strict*: a sink that fails stops the traffic. Where the copy must
//! not disturb the original, put a [`Tolerant`] around it.
//!
//! Book: "Monitoring a Network Connection", before and after Listing 4-19; Go's `io.TeeReader` and `io.MultiWriter`, which the
//! standard library does not have.

use std::fmt;
use std::io::{self, Read, Write};

/// Writes all it reads to a sink, before the reader gets to see it.
#[derive(Debug)]
pub struct TeeReader<R, W> {
    reader: R,
    sink: W,
}

impl<R: Read, W: Write> TeeReader<R, W> {
    /// A copy of what is read from `reader` goes to `sink`.
    pub fn new(reader: R, sink: W) -> TeeReader<R, W> {
        TeeReader { reader, sink }
    }

    /// The reader and the sink again.
    pub fn into_parts(self) -> (R, W) {
        (self.reader, self.sink)
    }
}

impl<R: Read, W: Write> Read for TeeReader<R, W> {
    /// # Errors
    /// The reader's. The sink's, too: what was read then is lost with it, for Rust's `read` cannot give bytes and an error,
    /// as Go's does. So go on after such an error only with a new connection.
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buf)?;
        self.sink.write_all(&buf[..count])?;
        Ok(count)
    }
}

/// Writes everything to several sinks, in their order.
///
/// ```
/// use netprog::ch04_data::tee::MultiWriter;
/// use std::io::Write;
///
/// let (mut wire, mut log) = (Vec::new(), Vec::new());
/// MultiWriter::new().and(&mut wire).and(&mut log).write_all(b"ping")?;
/// assert_eq!(wire, log);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Default)]
pub struct MultiWriter<'a> {
    sinks: Vec<Box<dyn Write + Send + 'a>>,
}

impl<'a> MultiWriter<'a> {
    /// No sinks yet: everything is taken, nothing is kept.
    pub fn new() -> MultiWriter<'a> {
        MultiWriter::default()
    }

    /// One more sink, the last in order.
    #[must_use]
    pub fn and(mut self, sink: impl Write + Send + 'a) -> MultiWriter<'a> {
        self.sinks.push(Box::new(sink));
        self
    }
}

impl Write for MultiWriter<'_> {
    /// Takes all of `buf` or fails. A sink may take it in several parts, which Go's contract forbids and Rust's does not.
    ///
    /// # Errors
    /// The first error of a sink; [`io::ErrorKind::WriteZero`] for one that takes no more. The sinks before it have the
    /// data, those after it have not.
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        for sink in &mut self.sinks {
            sink.write_all(buf)?;
        }
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        for sink in &mut self.sinks {
            sink.flush()?;
        }
        Ok(())
    }
}

impl fmt::Debug for MultiWriter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "writer to {} sinks", self.sinks.len())
    }
}

/// Tells somebody what went wrong with a sink.
type Report<'a> = Box<dyn FnMut(io::Error) + Send + 'a>;

/// A sink whose errors stop nothing: they are reported elsewhere, and the writer hears that all was taken. What the book
/// recommends after Listing 4-20.
pub struct Tolerant<'a, W> {
    sink: W,
    report: Report<'a>,
}

impl<'a, W: Write> Tolerant<'a, W> {
    /// Errors of `sink` go to `report`. It is called for every write that fails, in the thread that writes: it should be
    /// quick, and must not write to the sink.
    pub fn new(sink: W, report: impl FnMut(io::Error) + Send + 'a) -> Tolerant<'a, W> {
        Tolerant { sink, report: Box::new(report) }
    }
}

impl<W: Write> Write for Tolerant<'_, W> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        if let Err(error) = self.sink.write_all(buf) {
            (self.report)(error);
        }
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if let Err(error) = self.sink.flush() {
            (self.report)(error);
        }
        Ok(())
    }
}

impl<W: fmt::Debug> fmt::Debug for Tolerant<'_, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tolerant").field("sink", &self.sink).finish_non_exhaustive()
    }
}

/// Puts a prefix before each write, and passes both on in a single write. The exercise after Listing 4-20.
#[derive(Debug)]
pub struct Prefixed<W> {
    prefix: Vec<u8>,
    sink: W,
}

impl<W: Write> Prefixed<W> {
    /// `prefix` goes before every write to `sink`.
    pub fn new(prefix: impl Into<Vec<u8>>, sink: W) -> Prefixed<W> {
        Prefixed { prefix: prefix.into(), sink }
    }
}

impl<W: Write> Write for Prefixed<W> {
    /// # Errors
    /// The sink's. All of `buf` is taken otherwise: the sink's own count would include the prefix.
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let whole = [self.prefix.as_slice(), buf].concat();
        self.sink.write_all(&whole)?;
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

/// Counts what is asked of a reader. Put it between a socket and a `BufReader` to see what buffering saves: each call is one
/// system call.
#[derive(Debug)]
pub struct CountingReader<R> {
    reader: R,
    calls: u64,
    bytes: u64,
}

impl<R: Read> CountingReader<R> {
    /// Counts the reads of `reader`.
    pub fn new(reader: R) -> CountingReader<R> {
        CountingReader { reader, calls: 0, bytes: 0 }
    }

    /// How often `read` was called, the call that met the end included.
    pub fn calls(&self) -> u64 {
        self.calls
    }

    /// How many bytes came.
    pub fn total(&self) -> u64 {
        self.bytes
    }
}

impl<R: Read> Read for CountingReader<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.calls += 1;
        let count = self.reader.read(buf)?;
        self.bytes += count as u64;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::BufReader;

    /// Takes `room` bytes, at most `chunk` at a time, then zero; or fails, if told to.
    #[derive(Debug, Default)]
    struct Sink {
        taken: Vec<u8>,
        room: usize,
        chunk: usize,
        broken: bool,
        flushes: usize,
    }

    impl Sink {
        fn with_room(room: usize, chunk: usize) -> Sink {
            Sink { room, chunk, ..Sink::default() }
        }

        fn broken() -> Sink {
            Sink { broken: true, ..Sink::default() }
        }
    }

    impl Write for Sink {
        fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
            if self.broken {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            let count = buf.len().min(self.chunk).min(self.room - self.taken.len());
            self.taken.extend_from_slice(&buf[..count]);
            Ok(count)
        }
        fn flush(&mut self) -> io::Result<()> {
            self.flushes += 1;
            if self.broken { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(()) }
        }
    }

    #[test]
    fn the_sink_has_the_bytes_when_read_returns_and_no_more_than_were_read() {
        let mut copy = Vec::new();
        let mut reader = TeeReader::new(&b"hello world"[..], &mut copy);
        let mut buffer = [0; 5];
        assert_eq!(reader.read(&mut buffer).unwrap(), 5);
        let (rest, copy) = reader.into_parts();
        assert_eq!((copy.as_slice(), rest), (&b"hello"[..], &b" world"[..]));
    }

    #[test]
    fn a_failing_sink_fails_the_read_and_the_end_of_the_stream_is_not_written() {
        let mut strict = TeeReader::new(&b"hello"[..], Sink::broken());
        assert_eq!(strict.read(&mut [0; 8]).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        let mut at_end = TeeReader::new(io::empty(), Sink::with_room(0, 1));
        assert_eq!(at_end.read(&mut [0; 8]).unwrap(), 0);
    }

    #[test]
    fn the_first_error_stops_a_multi_writer_and_earlier_sinks_keep_the_data() {
        let (mut first, mut third) = (Sink::with_room(99, 99), Sink::with_room(99, 99));
        let mut writer = MultiWriter::new().and(&mut first).and(Sink::broken()).and(&mut third);
        assert_eq!(writer.write(b"data").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        drop(writer);
        assert_eq!((first.taken.as_slice(), third.taken.as_slice()), (&b"data"[..], &b""[..]));
    }

    #[test]
    fn a_sink_may_take_its_data_in_parts_but_must_take_it_all() {
        let (mut halting, mut full) = (Sink::with_room(99, 1), Sink::with_room(3, 99));
        let mut writer = MultiWriter::new().and(&mut halting).and(&mut full);
        assert_eq!(writer.write(b"data").unwrap_err().kind(), io::ErrorKind::WriteZero);
        drop(writer);
        assert_eq!((halting.taken.as_slice(), full.taken.as_slice()), (&b"data"[..], &b"dat"[..]));
    }

    #[test]
    fn a_flush_reaches_every_sink_and_a_writer_without_sinks_takes_everything() {
        let (mut one, mut two) = (Sink::default(), Sink::default());
        MultiWriter::new().and(&mut one).and(&mut two).flush().unwrap();
        assert_eq!((one.flushes, two.flushes), (1, 1));
        assert_eq!(MultiWriter::new().write(b"gone").unwrap(), 4);
    }

    #[test]
    fn a_tolerant_sink_takes_everything_and_reports_every_failure() {
        let mut reports = Vec::new();
        let mut wire = Vec::new();
        let tolerant = Tolerant::new(Sink::broken(), |error| reports.push(error.kind()));
        let mut writer = MultiWriter::new().and(tolerant).and(&mut wire);
        writer.write_all(b"one").unwrap();
        writer.write_all(b"two").unwrap();
        writer.flush().unwrap();
        drop(writer);
        assert_eq!(wire, b"onetwo");
        assert_eq!(reports, [io::ErrorKind::BrokenPipe; 3]);
    }

    #[test]
    fn a_prefix_goes_out_with_its_data_in_one_write_and_is_not_counted() {
        let mut sink = Vec::new();
        let mut writer = Prefixed::new("in: ", &mut sink);
        assert_eq!(writer.write(b"ping\n").unwrap(), 5);
        writer.write_all(b"pong\n").unwrap();
        assert_eq!(sink, b"in: ping\nin: pong\n");
    }

    #[test]
    fn a_buffer_turns_many_reads_into_few() {
        let payload = [7; 1000];
        let mut plain = CountingReader::new(&payload[..]);
        let mut buffered = CountingReader::new(&payload[..]);
        let mut byte = [0];
        while plain.read(&mut byte).unwrap() == 1 {}
        let mut reader = BufReader::new(&mut buffered);
        while reader.read(&mut byte).unwrap() == 1 {}
        assert_eq!((plain.calls(), plain.total()), (1001, 1000));
        assert_eq!((buffered.calls(), buffered.total()), (2, 1000));
    }
}
