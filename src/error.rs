//! The one error type. Users' mistakes are values of it; our own bugs panic with a message.

use std::fmt::{self, Write};
use std::path::{Path, PathBuf};

/// What went wrong, in one line: the place, the reason and, where there is one, the remedy.
#[derive(Debug)]
pub enum Error {
    /// A parameter, flag or configuration key has a value that makes no sense.
    Parameter {
        /// The parameter as the user spells it (`n_components`).
        name: String,
        /// The reason and the remedy.
        why: String,
    },
    /// Data of another shape than the model or the other file has.
    Shape {
        /// What was needed, in words (`64 features`).
        expected: String,
        /// What came.
        received: String,
    },
    /// A file that cannot be read as what it claims to be, or values a model cannot take.
    Parse {
        /// The file, or `-` for standard input.
        path: PathBuf,
        /// The line (1-based) where lines exist.
        line: Option<u64>,
        /// The reason and the remedy.
        why: String,
    },
    /// Values no computation can go on from: not finite, singular, diverged.
    Numerical {
        /// What was being computed, with the iteration where there is one.
        step: String,
        /// The reason and the remedy.
        why: String,
    },
    /// A limit on memory or time would be exceeded.
    Limit {
        /// What needs how much, against which limit, and the remedy.
        why: String,
    },
    /// The operating system refused a file.
    Io {
        /// The file.
        path: PathBuf,
        /// Its own words.
        source: std::io::Error,
    },
    /// Stopped on request (Ctrl-C).
    Interrupted {
        /// What was kept, and how to go on.
        how: String,
    },
}

/// A result with the project's error.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// [`Error::Parameter`].
    pub fn parameter(name: impl Into<String>, why: impl Into<String>) -> Error {
        Error::Parameter { name: name.into(), why: why.into() }
    }

    /// [`Error::Shape`].
    pub fn shape(expected: impl Into<String>, received: impl Into<String>) -> Error {
        Error::Shape { expected: expected.into(), received: received.into() }
    }

    /// [`Error::Parse`] of a place without lines.
    pub fn parse(path: impl AsRef<Path>, why: impl Into<String>) -> Error {
        Error::Parse { path: path.as_ref().to_path_buf(), line: None, why: why.into() }
    }

    /// [`Error::Parse`] at a line (1-based).
    pub fn parse_line(path: impl AsRef<Path>, line: u64, why: impl Into<String>) -> Error {
        Error::Parse { path: path.as_ref().to_path_buf(), line: Some(line), why: why.into() }
    }

    /// [`Error::Numerical`].
    pub fn numerical(step: impl Into<String>, why: impl Into<String>) -> Error {
        Error::Numerical { step: step.into(), why: why.into() }
    }

    /// [`Error::Io`].
    pub fn io(path: impl AsRef<Path>, source: std::io::Error) -> Error {
        Error::Io { path: path.as_ref().to_path_buf(), source }
    }

    /// The exit code of the command line: 2 usage, 65 bad data, 74 I/O, 75 over a limit, 130 interrupted.
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::Parameter { .. } => 2,
            Error::Shape { .. } | Error::Parse { .. } | Error::Numerical { .. } => 65,
            Error::Io { .. } => 74,
            Error::Limit { .. } => 75,
            Error::Interrupted { .. } => 130,
        }
    }
}

/// Writes control characters escaped: what names of files and members hold must not break the one line of an error.
struct OneLine<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl fmt::Write for OneLine<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for part in text.split_inclusive(char::is_control) {
            let (plain, control) = match part.chars().next_back().filter(|last| last.is_control()) {
                Some(last) => (&part[..part.len() - last.len_utf8()], Some(last)),
                None => (part, None),
            };
            self.0.write_str(plain)?;
            if let Some(control) = control {
                write!(self.0, "{}", control.escape_default())?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut f = OneLine(f);
        match self {
            Error::Parameter { name, why } => write!(f, "{name}: {why}"),
            Error::Shape { expected, received } => write!(f, "expected {expected}, received {received}"),
            Error::Parse { path, line: Some(line), why } => write!(f, "{}:{line}: {why}", path.display()),
            Error::Parse { path, line: None, why } => write!(f, "{}: {why}", path.display()),
            Error::Numerical { step, why } => write!(f, "{step}: {why}"),
            Error::Limit { why } => write!(f, "{why}"),
            Error::Io { path, source } => write!(f, "{}: {source}", path.display()),
            Error::Interrupted { how } => write!(f, "interrupted; {how}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
