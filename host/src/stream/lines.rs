//! Lines out of a stream, in constant memory: a line that is too long is passed over to its
//! end, and told apart, without ever being held.

use std::io::{self, Read};

/// Bytes that a line has at most, without its end.
pub const LINE_BYTES_MAX: usize = 64 * 1024;

/// Bytes that are read at once. Twice the longest line, so that one always fits.
const BUFFER_BYTES: usize = 2 * LINE_BYTES_MAX;

/// One line of input.
#[derive(Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// Without its end, be it LF or CR LF.
    Whole(&'a [u8]),
    /// Longer than [`LINE_BYTES_MAX`].
    TooLong,
}

/// Reads lines.
#[derive(Debug)]
pub struct LineReader<R> {
    input: R,
    buffer: Box<[u8]>,
    /// Where the next line begins.
    start: usize,
    /// Where the bytes end that were read.
    end: usize,
    /// Up to where there is no line end, from `start`.
    searched: usize,
    /// The rest of a line that is too long is being passed over.
    skipping: bool,
    ended: bool,
}

impl<R: Read> LineReader<R> {
    /// Reads lines of `input`.
    pub fn new(input: R) -> Self {
        let buffer = vec![0; BUFFER_BYTES].into_boxed_slice();
        Self {
            input,
            buffer,
            start: 0,
            end: 0,
            searched: 0,
            skipping: false,
            ended: false,
        }
    }

    /// Whether the next line is here already, so that reading it cannot wait.
    pub fn is_ready(&mut self) -> bool {
        self.ended || self.line_end().is_some()
    }

    /// The next line; `None` at the end. The last line needs no line end.
    ///
    /// # Errors
    /// Whatever the input says, but for interruptions.
    pub fn next_line(&mut self) -> io::Result<Option<Line<'_>>> {
        loop {
            if let Some(end) = self.line_end() {
                let start = std::mem::replace(&mut self.start, end + 1);
                self.searched = self.start;
                if std::mem::take(&mut self.skipping) || end - start > LINE_BYTES_MAX + 1 {
                    return Ok(Some(Line::TooLong));
                }
                return Ok(Some(self.line(start, end)));
            }
            if self.ended {
                return Ok(self.rest());
            }
            if self.end - self.start > LINE_BYTES_MAX + 1 {
                self.skipping = true;
                self.start = self.end;
            }
            self.read_more()?;
        }
    }

    /// What stands behind the last line end.
    fn rest(&mut self) -> Option<Line<'_>> {
        let (start, end) = (self.start, self.end);
        self.start = end;
        if std::mem::take(&mut self.skipping) {
            return Some(Line::TooLong);
        }
        (start < end).then(|| self.line(start, end))
    }

    fn line(&self, start: usize, end: usize) -> Line<'_> {
        let bytes = self.buffer.get(start..end).unwrap_or_default();
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        if bytes.len() > LINE_BYTES_MAX {
            Line::TooLong
        } else {
            Line::Whole(bytes)
        }
    }

    fn line_end(&mut self) -> Option<usize> {
        let unsearched = self.buffer.get(self.searched..self.end)?;
        let found = memchr::memchr(b'\n', unsearched).map(|at| self.searched + at);
        self.searched = found.unwrap_or(self.end);
        found
    }

    fn read_more(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.searched = self.end;
        self.start = 0;
        let free = self.buffer.get_mut(self.end..).unwrap_or_default();
        match self.input.read(free) {
            Ok(0) => self.ended = true,
            Ok(read) => self.end += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a few bytes at a time, as a pipe may.
    struct Dribble<'a>(&'a [u8], usize);

    impl Read for Dribble<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let give = self.1.min(self.0.len()).min(into.len());
            let (now, later) = self.0.split_at(give);
            into[..give].copy_from_slice(now);
            self.0 = later;
            Ok(give)
        }
    }

    #[track_caller]
    fn lines_of(input: &[u8], at_once: usize) -> Vec<String> {
        let mut reader = LineReader::new(Dribble(input, at_once));
        let mut lines = Vec::new();
        while let Some(line) = reader.next_line().unwrap() {
            lines.push(match line {
                Line::Whole(bytes) if bytes.len() < 100 => {
                    String::from_utf8_lossy(bytes).into_owned()
                }
                Line::Whole(bytes) => format!("<{}>", bytes.len()),
                Line::TooLong => "<too long>".to_owned(),
            });
        }
        lines
    }

    #[test]
    fn lines_come_whole_however_they_arrive() {
        for at_once in [1, 2, 3, 1000] {
            assert_eq!(lines_of(b"", at_once), Vec::<String>::new());
            assert_eq!(
                lines_of(b"a\nbc\r\n\nlast", at_once),
                ["a", "bc", "", "last"]
            );
            assert_eq!(lines_of(b"a\n", at_once), ["a"]);
        }
    }

    #[test]
    fn a_line_that_is_too_long_costs_only_itself() {
        for (bytes, expected) in [
            (LINE_BYTES_MAX, format!("<{LINE_BYTES_MAX}>")),
            (LINE_BYTES_MAX + 1, "<too long>".to_owned()),
            (LINE_BYTES_MAX + 2, "<too long>".to_owned()),
            (BUFFER_BYTES, "<too long>".to_owned()),
            (10_000_000, "<too long>".to_owned()),
        ] {
            let long = vec![b'x'; bytes];
            for line_end in ["\n", "\r\n"] {
                let input = [b"before\n", long.as_slice(), line_end.as_bytes(), b"after"].concat();
                for at_once in [997, 65_536, 1_000_000] {
                    let lines = lines_of(&input, at_once);
                    assert_eq!(
                        lines,
                        ["before", expected.as_str(), "after"],
                        "{bytes} {at_once}"
                    );
                }
            }
            let last = lines_of(&long, 4096);
            assert_eq!(last, [expected.as_str()]);
        }
    }
}
