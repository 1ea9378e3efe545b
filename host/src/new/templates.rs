//! The files of each language's project, as they stand in the folder `templates` and in the
//! interface's own.

use super::Language;

/// What stands in templates for the project's name, so that they are projects themselves.
pub(super) const NAME_SLOT: &str = "policy-name";

/// A file by its path in the project.
pub(super) type File = (&'static str, &'static str);

macro_rules! files {
    ($($path:literal: $from:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../../", $from)))),*]
    };
}

/// The interface, which every compiled language generates its bindings of.
const INTERFACE: &[File] = files! {
    "wit/world.wit": "../wit/world.wit",
    "wit/routing.wit": "../wit/routing.wit",
    "wit/loading.wit": "../wit/loading.wit",
    "wit/routing-json.wit": "../wit/routing-json.wit",
};

const RULES: &[File] = files! {
    "README.md": "templates/rules/README.md",
    "policy.yaml": "templates/rules/policy.yaml",
    "cases.yaml": "templates/rules/cases.yaml",
};

const RUST: &[File] = files! {
    "README.md": "templates/rust/README.md",
    ".gitignore": "templates/rust/gitignore",
    "Cargo.toml": "templates/rust/Cargo.toml",
    "Cargo.lock": "templates/rust/Cargo.lock",
    "src/lib.rs": "templates/rust/src/lib.rs",
    "src/amount.rs": "templates/rust/src/amount.rs",
    "src/tests.rs": "templates/rust/src/tests.rs",
};

const JAVASCRIPT: &[File] = files! {
    "README.md": "templates/javascript/README.md",
    ".gitignore": "templates/javascript/gitignore",
    ".npmrc": "templates/javascript/.npmrc",
    "package.json": "templates/javascript/package.json",
    "package-lock.json": "templates/javascript/package-lock.json",
    "build.js": "templates/javascript/build.js",
    "routing.d.ts": "templates/javascript/routing.d.ts",
    "src/policy.js": "templates/javascript/src/policy.js",
    "src/amount.js": "templates/javascript/src/amount.js",
    "test/policy.test.js": "templates/javascript/test/policy.test.js",
};

const PYTHON: &[File] = files! {
    "README.md": "templates/python/README.md",
    ".gitignore": "templates/python/gitignore",
    "requirements.txt": "templates/python/requirements.txt",
    "build.py": "templates/python/build.py",
    "policy.py": "templates/python/policy.py",
    "test_policy.py": "templates/python/test_policy.py",
};

/// The files of a language's project.
pub(super) fn of(language: Language) -> impl Iterator<Item = &'static File> {
    let (files, interface) = match language {
        Language::Rules => (RULES, &[][..]),
        Language::Rust => (RUST, INTERFACE),
        Language::JavaScript => (JAVASCRIPT, INTERFACE),
        Language::Python => (PYTHON, INTERFACE),
    };
    files.iter().chain(interface)
}
