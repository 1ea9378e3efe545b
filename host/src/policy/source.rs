//! Where policies come from: a file, a folder, text, or this program itself.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use router_guest::document::DOCUMENT_BYTES_MAX;

use super::ComponentError;
use crate::compose::ComposeError;
use crate::sandbox::SandboxProfile;

pub(crate) const DOCUMENT_FILE: &str = "policy.yaml";
pub(crate) const CASES_FILE: &str = "cases.yaml";
/// Bytes of a policy's cases.
const CASES_BYTES_MAX: usize = 1 << 20;
/// Bytes of a component's file: what the most generous profile takes. A stricter one says so
/// itself, with the way out.
const COMPONENT_BYTES_MAX: usize = SandboxProfile::Large.limits().decode.component_bytes_max;

/// The document of the default policy.
pub(crate) const DEFAULT_DOCUMENT: &str = include_str!("../../../policies/default/policy.yaml");
pub(super) const DEFAULT_CASES: &str = include_str!("../../../policies/default/cases.yaml");

/// A policy document, read but not parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentSource {
    /// The file that it stands in.
    pub path: PathBuf,
    /// The document.
    pub text: String,
    /// The cases beside it.
    pub cases: Option<String>,
}

impl DocumentSource {
    /// The file that its cases stand in, or would.
    pub fn cases_path(&self) -> PathBuf {
        cases_beside(&self.path)
    }
}

/// What a policy's file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolicyFile {
    /// A document.
    Document(DocumentSource),
    /// A component.
    Component {
        /// The file.
        path: PathBuf,
        /// What stands in it, within the bound of a component.
        bytes: Vec<u8>,
    },
}

/// Why there is no policy.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// A file could not be read.
    #[error("cannot read `{}`: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The reason.
        error: io::Error,
    },
    /// It is no file that can be read to its end: a pipe may have none, and nobody may write to it.
    #[error("`{}` is no regular file; a policy is not read from a pipe, a socket or a device", path.display())]
    NotAFile {
        /// What it is called.
        path: PathBuf,
    },
    /// A file is larger than any of its kind may be.
    #[error("`{}` has more than {bytes_max} bytes, which is the bound", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The bound.
        bytes_max: usize,
    },
    /// A document is not text.
    #[error("`{}` is not UTF-8 text: byte {offset} is not", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
        /// The first byte that is not.
        offset: usize,
    },
    /// A document was wanted, and this is a component.
    #[error("`{}` is a component, and a policy document was expected", path.display())]
    NotADocument {
        /// The file.
        path: PathBuf,
    },
    /// A document does not become a component.
    #[error("{}{error}", in_file(path.as_deref()))]
    Compose {
        /// The document's file; none for text.
        path: Option<PathBuf>,
        /// The reason.
        error: ComposeError,
    },
    /// A component is not taken as a policy.
    #[error("{}{error}", in_file(path.as_deref()))]
    Component {
        /// The component's file; none for bytes.
        path: Option<PathBuf>,
        /// The reason.
        error: ComponentError,
    },
}

fn in_file(path: Option<&Path>) -> String {
    path.map(|path| format!("`{}`: ", path.display()))
        .unwrap_or_default()
}

impl PolicyError {
    /// Whether the machine was at fault, and neither the policy nor its file.
    pub const fn blames_host(&self) -> bool {
        matches!(
            self,
            Self::Compose {
                error: ComposeError::Host(_),
                ..
            } | Self::Component {
                error: ComponentError::Host(_),
                ..
            }
        )
    }

    /// The same, of this file.
    pub(crate) fn at(self, path: PathBuf) -> Self {
        let path = Some(path);
        match self {
            Self::Compose { error, .. } => Self::Compose { path, error },
            Self::Component { error, .. } => Self::Component { path, error },
            other => other,
        }
    }
}

/// The document of the policy that this program carries, and its cases.
pub(crate) fn default_document() -> DocumentSource {
    DocumentSource {
        path: PathBuf::from("policies/default").join(DOCUMENT_FILE),
        text: DEFAULT_DOCUMENT.to_owned(),
        cases: Some(DEFAULT_CASES.to_owned()),
    }
}

/// Reads a `policy.yaml`, a folder that holds one, or a component.
///
/// # Errors
/// [`PolicyError`], which names the file.
pub fn read_policy_file(path: &Path) -> Result<PolicyFile, PolicyError> {
    if path.is_dir() || !is_component(path)? {
        return read_document(path).map(PolicyFile::Document);
    }
    Ok(PolicyFile::Component {
        path: path.into(),
        bytes: read(path, COMPONENT_BYTES_MAX)?,
    })
}

/// Reads a policy document, given by its file or by the folder that it stands in, and the
/// cases beside it.
///
/// # Errors
/// [`PolicyError`], which names the file.
pub fn read_document(path: &Path) -> Result<DocumentSource, PolicyError> {
    let path = if path.is_dir() {
        path.join(DOCUMENT_FILE)
    } else {
        path.to_path_buf()
    };
    if is_component(&path)? {
        return Err(PolicyError::NotADocument { path });
    }
    let text = read_text(&path, DOCUMENT_BYTES_MAX)?;
    let beside = cases_beside(&path);
    let cases = match read_text(&beside, CASES_BYTES_MAX) {
        Ok(cases) => Some(cases),
        Err(PolicyError::Read { error, .. }) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    Ok(DocumentSource { path, text, cases })
}

/// Where the cases of a document are looked for.
pub(crate) fn cases_beside(document: &Path) -> PathBuf {
    document.with_file_name(CASES_FILE)
}

/// Whether a file is to be read as a component: by its name, or else by how it begins.
fn is_component(path: &Path) -> Result<bool, PolicyError> {
    let extension = path.extension().and_then(|extension| extension.to_str());
    match extension.map(str::to_ascii_lowercase).as_deref() {
        Some("wasm" | "cwasm") => return Ok(true),
        Some("yaml" | "yml") => return Ok(false),
        _ => {}
    }
    let mut beginning = Vec::new();
    open(path)?
        .take(4)
        .read_to_end(&mut beginning)
        .map_err(|error| PolicyError::Read {
            path: path.into(),
            error,
        })?;
    Ok(beginning == b"\0asm" || beginning == b"\x7fELF")
}

fn open(path: &Path) -> Result<File, PolicyError> {
    let read = |error| PolicyError::Read {
        path: path.into(),
        error,
    };
    // Before it is opened: opening a pipe waits for whoever writes to it.
    if !path.metadata().map_err(read)?.is_file() {
        return Err(PolicyError::NotAFile { path: path.into() });
    }
    File::open(path).map_err(read)
}

fn read(path: &Path, bytes_max: usize) -> Result<Vec<u8>, PolicyError> {
    let mut bytes = Vec::new();
    // One byte more than the bound shows that there is more.
    open(path)?
        .take(bytes_max as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| PolicyError::Read {
            path: path.into(),
            error,
        })?;
    if bytes.len() > bytes_max {
        return Err(PolicyError::TooLarge {
            path: path.into(),
            bytes_max,
        });
    }
    Ok(bytes)
}

fn read_text(path: &Path, bytes_max: usize) -> Result<String, PolicyError> {
    String::from_utf8(read(path, bytes_max)?).map_err(|error| PolicyError::NotText {
        path: path.into(),
        offset: error.utf8_error().valid_up_to(),
    })
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::process::Command;
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    use super::*;

    /// What comes of reading a policy, which must come soon.
    #[track_caller]
    fn refused(path: &Path) -> String {
        let (tell, told) = mpsc::channel();
        let path = path.to_path_buf();
        thread::spawn(move || tell.send(read_policy_file(&path)));
        let read = told.recv_timeout(Duration::from_secs(10));
        read.expect("it waits for something")
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn what_is_no_regular_file_is_refused_and_never_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["policy.yaml", "policy.wasm", "policy", "cases.yaml"] {
            let path = folder.path().join(name);
            assert!(
                Command::new("mkfifo")
                    .arg(&path)
                    .status()
                    .unwrap()
                    .success()
            );
            let expected = format!(
                "`{}` is no regular file; a policy is not read from a pipe, a socket or a device",
                path.display()
            );
            assert_eq!(refused(&path), expected);
            if name == "policy.yaml" {
                assert_eq!(refused(folder.path()), expected);
                std::fs::remove_file(&path).unwrap();
            }
        }
        // The cases beside a document are read with it.
        let document = folder.path().join("policy.yaml");
        std::fs::write(&document, DEFAULT_DOCUMENT).unwrap();
        let cases = folder.path().join("cases.yaml");
        assert!(
            refused(&document).starts_with(&format!("`{}` is no regular file", cases.display()))
        );
        std::fs::remove_file(&cases).unwrap();
        std::fs::create_dir(&cases).unwrap();
        assert!(
            refused(&document).starts_with(&format!("`{}` is no regular file", cases.display()))
        );
        assert_eq!(
            refused(Path::new("/dev/zero")),
            "`/dev/zero` is no regular file; a policy is not read from a pipe, a socket or a device"
        );
    }
}
