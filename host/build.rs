//! Builds the rule engine that the host carries: `router-guest` as a component without
//! imports, the same bytes in every checkout and on every machine.
//!
//! It runs a second cargo with a target folder of its own (a shared one would deadlock) and
//! an environment in which nothing of the outer build is left. It knows no policy: those are
//! composed at run time (see `src/compose.rs`).

use std::env;
use std::error::Error;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use wasmparser::{Encoding, Parser, Payload};

/// Every policy carries the engine, and compiling it is what a policy's first start costs.
const COMPONENT_BYTES_MAX: usize = 150_000;
const TARGET: &str = "wasm32-unknown-unknown";
/// Bytes of the guest's stack: the engine recurses a few frames deep.
const STACK_BYTES: u32 = 64 << 10;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    match build() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("cargo::error={error}");
            ExitCode::FAILURE
        }
    }
}

fn build() -> Outcome<()> {
    let out = PathBuf::from(variable("OUT_DIR")?);
    let host = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let workspace = host.parent().ok_or("the host has no folder above it")?;
    for path in [
        "router-guest/src",
        "router-guest/Cargo.toml",
        "wit",
        "rust-toolchain.toml",
    ] {
        println!("cargo::rerun-if-changed={}", workspace.join(path).display());
    }
    for path in ["Cargo.toml", "Cargo.lock"] {
        println!("cargo::rerun-if-changed={}", workspace.join(path).display());
    }
    ensure_target()?;
    let module = build_module(workspace, &out.join("guest"))?;
    let mut encoder = wit_component::ComponentEncoder::default();
    let encoded = encoder
        .module(&fs::read(module)?)?
        .validate(true)
        .encode()?;
    let component = without_custom_sections(&encoded)?;
    check(&component)?;
    fs::write(out.join("engine.wasm"), component)?;
    Ok(())
}

/// `RUSTUP_AUTO_INSTALL=0`, or a toolchain that `rust-toolchain.toml` did not install, leaves
/// the target out.
fn ensure_target() -> Outcome<()> {
    if has_target()? {
        return Ok(());
    }
    let mut rustup = Command::new("rustup");
    rustup.args(["target", "add", TARGET]);
    if let Some(toolchain) = env::var_os("RUSTUP_TOOLCHAIN") {
        rustup.arg("--toolchain").arg(toolchain);
    }
    let added = rustup.output().is_ok_and(|output| output.status.success());
    if added && has_target()? {
        return Ok(());
    }
    Err(format!(
        "the Rust target `{TARGET}` is missing and could not be added: \
         run `rustup target add {TARGET}`"
    )
    .into())
}

fn has_target() -> Outcome<bool> {
    let folder = rustc(&["--print", "target-libdir", "--target", TARGET])?;
    let Ok(entries) = fs::read_dir(folder.trim()) else {
        return Ok(false);
    };
    let mut names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    Ok(names.any(|name| name.starts_with("libstd-")))
}

/// Runs the inner cargo and answers where the core module is.
fn build_module(workspace: &Path, target_folder: &Path) -> Outcome<PathBuf> {
    let mut cargo = Command::new(variable("CARGO")?);
    for (name, _) in env::vars_os().filter(|(name, _)| is_of_outer_build(name)) {
        cargo.env_remove(name);
    }
    let output = cargo
        .current_dir(workspace)
        .env("CARGO_ENCODED_RUSTFLAGS", flags(workspace)?)
        // With the library kind as well, cargo would link without optimizing across crates.
        .args([
            "rustc",
            "--package",
            "router-guest",
            "--lib",
            "--crate-type",
            "cdylib",
        ])
        .args([
            "--profile",
            "component",
            "--target",
            TARGET,
            "--locked",
            "--target-dir",
        ])
        .arg(target_folder)
        .output()?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr).replace('\n', "\n    ");
        eprintln!("    {stderr}");
        return Err("the rule engine did not build for the sandbox: see the output above".into());
    }
    Ok(target_folder
        .join(TARGET)
        .join("component")
        .join("router_guest.wasm"))
}

/// Whether a variable would carry the outer build's settings into the inner one. What says
/// where cargo finds its sources stays.
fn is_of_outer_build(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else {
        return false;
    };
    let keeps = [
        "CARGO_HOME",
        "CARGO_NET_",
        "CARGO_HTTP_",
        "CARGO_REGISTR",
        "CARGO_SOURCE_",
    ];
    let drops = [
        "CARGO_",
        "RUSTFLAGS",
        "RUSTC_",
        "RUSTDOC",
        "DEP_",
        "CLIPPY_",
    ];
    let starts = |prefix: &&str| name.starts_with(prefix);
    drops.iter().any(starts) && !keeps.iter().any(starts)
}

/// The compiler's flags, parted as cargo wants them. Paths of this machine, which panic
/// messages would carry, are replaced by names.
fn flags(workspace: &Path) -> Outcome<OsString> {
    let sources = Path::new(rustc(&["--print", "sysroot"])?.trim()).join("lib/rustlib/src/rust");
    let version = rustc(&["-vV"])?;
    let commit = version
        .lines()
        .find_map(|line| line.strip_prefix("commit-hash: "));
    let mut flags = OsString::from(format!("-Clink-arg=-zstack-size={STACK_BYTES}"));
    for (path, name) in [
        (workspace, "/execution-router".into()),
        (&cargo_home()?, "/cargo".into()),
        (&sources, format!("/rustc/{}", commit.unwrap_or("unknown"))),
    ] {
        flags.push("\u{1f}--remap-path-prefix=");
        flags.push(path);
        flags.push("=");
        flags.push(name);
    }
    Ok(flags)
}

fn cargo_home() -> Outcome<PathBuf> {
    if let Some(home) = env::var_os("CARGO_HOME") {
        return Ok(home.into());
    }
    let home = env::home_dir().ok_or("neither `CARGO_HOME` nor a home folder is known")?;
    Ok(home.join(".cargo"))
}

fn rustc(arguments: &[&str]) -> Outcome<String> {
    let output = Command::new(variable("RUSTC")?).args(arguments).output()?;
    Ok(String::from_utf8(output.stdout)?)
}

fn variable(name: &str) -> Outcome<OsString> {
    env::var_os(name).ok_or_else(|| format!("cargo did not set `{name}`").into())
}

/// The bytes without names and tool versions, which no host reads.
fn without_custom_sections(bytes: &[u8]) -> Outcome<Vec<u8>> {
    const CUSTOM: u8 = 0;
    const HEADER_BYTES: usize = 8;
    let (header, _) = bytes
        .split_at_checked(HEADER_BYTES)
        .ok_or("the component is cut off")?;
    let mut kept = header.to_vec();
    let mut reader = wasmparser::BinaryReader::new(bytes, 0);
    reader.read_bytes(HEADER_BYTES)?;
    let is_component = matches!(
        Parser::new(0).parse_all(bytes).next().transpose()?,
        Some(Payload::Version {
            encoding: Encoding::Component,
            ..
        })
    );
    while !reader.eof() {
        let id = reader.read_u8()?;
        let length = usize::try_from(reader.read_var_u32()?)?;
        let body = reader.read_bytes(length)?;
        // In a component, sections 1 and 4 hold a module and a component.
        let body = match id {
            CUSTOM => continue,
            1 | 4 if is_component => without_custom_sections(body)?,
            _ => body.to_vec(),
        };
        kept.push(id);
        push_leb(&mut kept, u32::try_from(body.len())?);
        kept.extend(body);
    }
    Ok(kept)
}

fn push_leb(bytes: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        bytes.push(u8::try_from(number & 0x7f).unwrap_or_default() | 0x80);
        number >>= 7;
    }
    bytes.push(u8::try_from(number).unwrap_or_default());
}

fn check(component: &[u8]) -> Outcome<()> {
    if component.len() > COMPONENT_BYTES_MAX {
        return Err(format!(
            "the rule engine has {} bytes, and {COMPONENT_BYTES_MAX} are its bound",
            component.len()
        )
        .into());
    }
    wasmparser::Validator::new().validate_all(component)?;
    let mut depth = 0_u32;
    for payload in Parser::new(0).parse_all(component) {
        match payload? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(_) if depth == 0 => {
                return Err("the rule engine imports something".into());
            }
            _ => {}
        }
    }
    Ok(())
}
