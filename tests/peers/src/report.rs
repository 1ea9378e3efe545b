//! The figures: a table on standard output, and beside it the picture and the raw figures.

use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use execution_router::{Router, TradeType};
use serde_json::{Value, json};

use crate::board::Measured;
use crate::case::Case;
use crate::peer::Peer;
use crate::{cedar, cel_rules, ours, prove, rego, zen};

const LOCK: &str = include_str!("../Cargo.lock");
/// Whose versions are told.
const CRATES: [&str; 6] = [
    "cedar-policy",
    "cel",
    "execution-router",
    "regorus",
    "wasmtime",
    "zen-engine",
];
/// Whose memory is asked for, each in a process of its own.
const HOLDERS: [&str; 6] = [
    "execution-router",
    rego::Machine::NAME,
    rego::Interpreted::NAME,
    zen::Zen::NAME,
    cedar::Cedar::NAME,
    cel_rules::Cel::NAME,
];
/// Decisions before memory is read.
const DECISIONS: usize = 1000;

type Groups = [(String, Vec<Measured>)];

/// Prints the table; writes `peers.svg` and `peers.json` into the crate's folder.
pub fn write(groups: &Groups) -> Result<()> {
    let memory = memory()?;
    let mut groups = groups.to_vec();
    if let (Some(original), Some((_, first))) = (crate::original::timed(), groups.first_mut()) {
        first.push(original);
    }
    let groups = groups.as_slice();
    print!("{}", table(groups, &memory));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    fs::write(folder.join("peers.svg"), picture(groups))?;
    let raw = serde_json::to_string_pretty(&raw(groups, &memory))?;
    fs::write(folder.join("peers.json"), raw + "\n")?;
    Ok(())
}

fn table(groups: &Groups, memory: &[(String, u64)]) -> String {
    let mut table = String::new();
    for (name, measured) in groups {
        let _ = writeln!(
            table,
            "| {name} | median | 10 % | 90 % | times the first |\n| --- | ---: | ---: | ---: | ---: |"
        );
        let first = measured
            .first()
            .map_or(f64::NAN, |first| first.percentile(50));
        for one in measured {
            let [low, median, high] = [10, 50, 90].map(|percent| one.percentile(percent));
            let _ = writeln!(
                table,
                "| {} | {} | {} | {} | {:.2} |",
                one.name,
                time(median),
                time(low),
                time(high),
                median / first
            );
        }
        let _ = writeln!(table);
    }
    let _ = writeln!(
        table,
        "| resident memory of the loaded table | kB |\n| --- | ---: |"
    );
    for (name, kilobytes) in memory {
        let _ = writeln!(table, "| {name} | {kilobytes} |");
    }
    table
}

fn time(nanoseconds: f64) -> String {
    match nanoseconds {
        small if small < 1e3 => format!("{small:.0} ns"),
        middle if middle < 1e6 => format!("{:.2} µs", middle / 1e3),
        large => format!("{:.2} ms", large / 1e6),
    }
}

const WIDTH: f64 = 900.0;
const LEFT: f64 = 320.0;
const BAR: f64 = 16.0;

/// Bars on a logarithmic scale, with the spread from 10 to 90 percent.
fn picture(groups: &Groups) -> String {
    let decades = |nanoseconds: f64| nanoseconds.max(1.0).log10();
    let (least, most) = (2.0, 8.0);
    let at = |nanoseconds: f64| {
        LEFT + (decades(nanoseconds) - least).clamp(0.0, most - least) / (most - least)
            * (WIDTH - LEFT - 90.0)
    };
    let mut body = String::new();
    let mut y = 20.0;
    for (name, measured) in groups {
        let _ = writeln!(
            body,
            r#"<text x="8" y="{:.0}" class="h">{name}</text>"#,
            y + 12.0
        );
        y += 22.0;
        for one in measured {
            let [low, median, high] = [10, 50, 90].map(|percent| one.percentile(percent));
            let class = if one.name.starts_with("execution-router") {
                "o"
            } else {
                "p"
            };
            let middle = y + BAR / 2.0;
            let _ = writeln!(
                body,
                r#"<text x="{:.0}" y="{:.0}" text-anchor="end">{}</text>"#,
                LEFT - 8.0,
                y + 12.0,
                one.name
            );
            let _ = writeln!(
                body,
                r#"<rect x="{LEFT}" y="{y:.0}" width="{:.1}" height="{:.0}" class="{class}"/>"#,
                at(median) - LEFT,
                BAR - 3.0
            );
            let _ = writeln!(
                body,
                r#"<path d="M{:.1} {middle:.1}H{:.1}" class="s"/>"#,
                at(low),
                at(high)
            );
            let _ = writeln!(
                body,
                r#"<text x="{:.1}" y="{:.0}">{}</text>"#,
                at(high.max(median)) + 6.0,
                y + 12.0,
                time(median)
            );
            y += BAR + 3.0;
        }
        y += 12.0;
    }
    let mut grid = String::new();
    for decade in 2..=8 {
        let x = at(10_f64.powi(decade));
        let _ = writeln!(
            grid,
            r##"<path d="M{x:.1} 16V{y:.0}" stroke="#8884"/><text x="{x:.1}" y="12" text-anchor="middle">{}</text>"##,
            time(10_f64.powi(decade))
        );
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {y:.0}\" font-family=\"sans-serif\" font-size=\"11\">\n<style>text{{fill:#333}}.h{{font-weight:bold}}.o{{fill:#2a7}}.p{{fill:#89a}}.s{{stroke:#222;stroke-width:2}}</style>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n{grid}{body}</svg>\n"
    )
}

fn raw(groups: &Groups, memory: &[(String, u64)]) -> Value {
    let groups: Vec<Value> = groups
        .iter()
        .map(|(name, measured)| {
            let measured: Vec<Value> = measured
                .iter()
                .map(|one| json!({"name": one.name, "nanoseconds": one.nanoseconds}))
                .collect();
            json!({"group": name, "measured": measured})
        })
        .collect();
    let memory: Vec<Value> = memory
        .iter()
        .map(|(name, kilobytes)| json!({"name": name, "kilobytes": kilobytes}))
        .collect();
    json!({
        "machine": machine(),
        "commit": said("git", &["rev-parse", "HEAD"]),
        "rustc": said("rustc", &["--version"]),
        "versions": versions(),
        "groups": groups,
        "memory": memory,
    })
}

fn machine() -> Value {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .unwrap_or_default();
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    json!({
        "processor": model.trim_start_matches(['\t', ' ', ':']),
        "cores": std::thread::available_parallelism().map_or(0, usize::from),
        "load_at_the_end": load.trim(),
        "system": said("uname", &["-sr"]),
    })
}

fn versions() -> Value {
    let mut versions = serde_json::Map::new();
    for name in CRATES {
        let head = format!("name = \"{name}\"\nversion = \"");
        let version = LOCK
            .split_once(&head)
            .and_then(|(_, rest)| rest.split_once('"'));
        versions.insert(name.to_owned(), json!(version.map(|(version, _)| version)));
    }
    Value::Object(versions)
}

fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    output
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        .unwrap_or_default()
}

/// Memory of each, in a process of its own.
fn memory() -> Result<Vec<(String, u64)>> {
    let program = std::env::current_exe()?;
    let ask = |name: &str| -> Result<(String, u64)> {
        let output = Command::new(&program).args(["memory", name]).output()?;
        let kilobytes = String::from_utf8(output.stdout)?.trim().parse();
        Ok((
            name.to_owned(),
            kilobytes.with_context(|| format!("memory of {name}"))?,
        ))
    };
    HOLDERS.iter().map(|name| ask(name)).collect()
}

/// Loads one, decides a while, and prints what that took of resident memory, in kB.
pub fn print_memory(name: &str) -> Result<()> {
    let request = ours::opening(TradeType::Normal)?;
    let before = resident()?;
    let held = match name {
        "execution-router" => {
            let router = Router::new(prove::policy()?)?;
            for _ in 0..DECISIONS {
                black_box(router.decide(&request)?);
            }
            let after = resident()?;
            drop(router);
            after
        }
        _ => {
            let case = small_case(&request);
            match name {
                rego::Machine::NAME => holding::<rego::Machine>(&case)?,
                rego::Interpreted::NAME => holding::<rego::Interpreted>(&case)?,
                zen::Zen::NAME => holding::<zen::Zen>(&case)?,
                cedar::Cedar::NAME => holding::<cedar::Cedar>(&case)?,
                cel_rules::Cel::NAME => holding::<cel_rules::Cel>(&case)?,
                _ => bail!("`{name}` is none of {HOLDERS:?}"),
            }
        }
    };
    println!("{}", held.saturating_sub(before));
    Ok(())
}

/// The request as a case, without a policy, whose memory would count.
fn small_case(request: &execution_router::Request<'_>) -> Case {
    let seen = request.seen();
    Case::in_account_currency(&seen)
}

fn holding<P: Peer>(case: &Case) -> Result<u64> {
    let mut peer = P::load(0)?;
    let input = peer.input(case).context("an input")?;
    for _ in 0..DECISIONS {
        black_box(peer.decide(&input)?);
    }
    resident()
}

fn resident() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next());
    Ok(kilobytes.context("resident memory")?.parse()?)
}
