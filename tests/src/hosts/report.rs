//! What came of asking every host: hosts and groups of cases with their differences, and times.
//! As data it is `report.json`, as text `report.md`; it judges nothing that is not counted.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;

use serde::Serialize;

use super::compare::{Comparison, Count, Difference, Kind};
use super::runner::{End, Run};
use super::unroll::Unrolled;

/// Everything that came of a run of the suite.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Where it was run.
    pub machine: Machine,
    /// What became of the lines of the streams: cases, and the others by why they are none.
    pub lines: BTreeMap<String, u64>,
    /// In the order in which they were asked.
    pub hosts: Vec<HostReport>,
}

/// Where a report comes from.
#[derive(Debug, Clone, Serialize)]
pub struct Machine {
    /// As `linux`.
    pub system: String,
    /// As `x86_64`.
    pub architecture: String,
    /// What the processor calls itself.
    pub processor: String,
    /// That may run at once.
    pub threads: usize,
}

/// What came of one host.
#[derive(Debug, Clone, Serialize)]
pub struct HostReport {
    /// Its name.
    pub name: String,
    /// Language and runtime, as it says itself.
    pub runtime: String,
    /// All of its cases.
    #[serde(flatten)]
    pub count: Count,
    /// Whether its runner could be started at all.
    pub is_started: bool,
    /// The mean over all cases, as the runner measured it.
    pub nanoseconds_per_decision: Option<u64>,
    /// From a component to its first instance: the median over policies.
    pub load_nanoseconds: Option<u64>,
    /// Each group of cases.
    pub groups: BTreeMap<String, Count>,
    /// Each policy, in the order of their names.
    pub policies: Vec<PolicyReport>,
    /// What is wrong with its runs as a whole.
    pub faults: Vec<String>,
    /// The first of its differences.
    pub differences_first: Vec<DifferenceReport>,
    #[serde(skip)]
    first: Vec<Difference>,
}

/// What came of one host on one policy.
#[derive(Debug, Clone, Serialize)]
pub struct PolicyReport {
    /// Its folder.
    pub policy: String,
    /// Its cases.
    #[serde(flatten)]
    pub count: Count,
    /// The mean over its cases.
    pub nanoseconds_per_decision: Option<u64>,
    /// From the component to the first instance.
    pub load_nanoseconds: Option<u64>,
    /// The whole process.
    pub milliseconds: u64,
}

/// A difference, as data.
#[derive(Debug, Clone, Serialize)]
pub struct DifferenceReport {
    file: String,
    line: u64,
    kind: &'static str,
    byte: Option<usize>,
    request: String,
    state: String,
    expected: String,
    answer: Option<String>,
}

impl Machine {
    /// This one.
    pub fn this() -> Self {
        let processor = fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("model name"))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        });
        Self {
            system: std::env::consts::OS.to_owned(),
            architecture: std::env::consts::ARCH.to_owned(),
            processor: processor.unwrap_or_else(|| "unknown".to_owned()),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
        }
    }
}

impl Report {
    /// A report of no hosts yet.
    pub fn new(unrolled: &Unrolled) -> Self {
        let mut lines = BTreeMap::from([
            ("all".to_owned(), unrolled.lines),
            ("cases".to_owned(), unrolled.cases.len() as u64),
        ]);
        for (kind, count) in &unrolled.no_cases {
            lines.insert(kind.word().to_owned(), *count);
        }
        Self {
            machine: Machine::this(),
            lines,
            hosts: Vec::new(),
        }
    }

    /// Whether every host answers as expected.
    pub fn is_same(&self) -> bool {
        self.hosts.iter().all(HostReport::is_same)
    }

    /// Hosts whose runner could not be started.
    pub fn not_started(&self) -> impl Iterator<Item = &HostReport> {
        self.hosts.iter().filter(|host| !host.is_started)
    }

    /// As data, indented.
    pub fn to_json(&self) -> String {
        // Strings, numbers and lists alone: it cannot fail.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}

impl HostReport {
    /// A host of which nothing is known yet.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            runtime: String::new(),
            count: Count::default(),
            is_started: true,
            nanoseconds_per_decision: None,
            load_nanoseconds: None,
            groups: BTreeMap::new(),
            policies: Vec::new(),
            faults: Vec::new(),
            differences_first: Vec::new(),
            first: Vec::new(),
        }
    }

    /// Takes in a run on one policy.
    pub fn add(&mut self, policy: &str, run: &Run, compared: Comparison) {
        let count = compared.count();
        self.is_started &= !matches!(run.end, End::NotStarted(_));
        let times = run.times.as_ref();
        if let Some(runtime) = times.and_then(|times| times.runtime.as_ref()) {
            self.runtime.clone_from(runtime);
        }
        self.policies.push(PolicyReport {
            policy: policy.to_owned(),
            count,
            nanoseconds_per_decision: times
                .and_then(|times| times.nanoseconds_total.checked_div(times.cases)),
            load_nanoseconds: times.map(|times| times.load_nanoseconds),
            milliseconds: u64::try_from(run.elapsed.as_millis()).unwrap_or(u64::MAX),
        });
        for (group, more) in compared.groups {
            let count = self.groups.entry(group).or_default();
            count.cases += more.cases;
            count.differences += more.differences;
        }
        let faults = compared.faults.into_iter();
        self.faults
            .extend(faults.map(|fault| format!("{policy}: {fault}")));
        self.count.cases += count.cases;
        self.count.differences += count.differences;
        self.differences_first
            .extend(compared.first.iter().map(DifferenceReport::of));
        self.first.extend(compared.first);
        self.sum_times();
    }

    /// Whether each case is answered as expected, and the runner ended well every time.
    pub fn is_same(&self) -> bool {
        self.count.differences == 0 && self.faults.is_empty()
    }

    fn sum_times(&mut self) {
        let timed = self.policies.iter().filter_map(|policy| {
            let each = policy.nanoseconds_per_decision?;
            Some((each * policy.count.cases, policy.count.cases))
        });
        let (total, cases) = timed.fold((0, 0), |(total, cases), (more, count)| {
            (total + more, cases + count)
        });
        self.nanoseconds_per_decision = u64::checked_div(total, cases);
        let loads = self
            .policies
            .iter()
            .filter_map(|policy| policy.load_nanoseconds);
        let mut loads: Vec<u64> = loads.collect();
        loads.sort_unstable();
        self.load_nanoseconds = loads.get(loads.len() / 2).copied();
    }
}

impl DifferenceReport {
    fn of(difference: &Difference) -> Self {
        let Difference { case, kind, answer } = difference;
        let (kind, byte) = match kind {
            Kind::Byte(at) => ("differs", Some(*at)),
            Kind::Missing => ("missing", None),
            Kind::Extra => ("extra", None),
            Kind::Unanswered => ("unanswered", None),
        };
        Self {
            file: case.origin.file.clone(),
            line: case.origin.line,
            kind,
            byte,
            request: case.request.clone(),
            state: case.state.clone(),
            expected: case.expected.clone(),
            answer: answer
                .as_ref()
                .map(|answer| String::from_utf8_lossy(answer).into_owned()),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Machine {
            system,
            architecture,
            processor,
            threads,
        } = &self.machine;
        writeln!(out, "# Hosts\n")?;
        writeln!(
            out,
            "{system} on {architecture}, {processor}, {threads} threads.\n"
        )?;
        self.summary(out)?;
        self.by_group(out)?;
        self.by_policy(out)?;
        self.findings(out)
    }
}

impl Report {
    fn summary(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            out,
            "| host | runtime | cases | differences | ns a decision | ms to load |"
        )?;
        writeln!(out, "| --- | --- | ---: | ---: | ---: | ---: |")?;
        for host in &self.hosts {
            let Count { cases, differences } = host.count;
            let (name, runtime) = (&host.name, &host.runtime);
            let each = number(host.nanoseconds_per_decision);
            let load = milliseconds(host.load_nanoseconds);
            writeln!(
                out,
                "| {name} | {runtime} | {cases} | {differences} | {each} | {load} |"
            )?;
        }
        let lines: Vec<String> = self
            .lines
            .iter()
            .filter(|(kind, _)| *kind != "all")
            .map(|(kind, count)| format!("{count} {kind}"))
            .collect();
        let all = self.lines.get("all").copied().unwrap_or_default();
        writeln!(out, "\nThe streams have {all} lines: {}.", lines.join(", "))
    }

    fn by_group(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let groups: BTreeSet<&String> = self
            .hosts
            .iter()
            .flat_map(|host| host.groups.keys())
            .collect();
        let names = self.hosts.iter().map(|host| host.name.as_str());
        head(out, "cases of", "differences", names)?;
        for group in groups {
            let cases = self.hosts.iter().find_map(|host| host.groups.get(group));
            write!(
                out,
                "| {group} | {} |",
                cases.map_or(0, |count| count.cases)
            )?;
            for host in &self.hosts {
                let count = host.groups.get(group);
                write!(out, " {} |", number(count.map(|count| count.differences)))?;
            }
            writeln!(out)?;
        }
        Ok(())
    }

    fn by_policy(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.hosts.iter().map(|host| host.name.as_str());
        head(out, "policy", "ns a decision", names)?;
        // One that could not be started was asked the first alone.
        let longest = self.hosts.iter().max_by_key(|host| host.policies.len());
        let policies = longest.map(|host| host.policies.as_slice());
        for (at, policy) in policies.unwrap_or_default().iter().enumerate() {
            write!(out, "| {} | {} |", policy.policy, policy.count.cases)?;
            for host in &self.hosts {
                let policy = host.policies.get(at);
                let each = policy.and_then(|policy| policy.nanoseconds_per_decision);
                write!(out, " {} |", number(each))?;
            }
            writeln!(out)?;
        }
        Ok(())
    }

    fn findings(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for host in self.hosts.iter().filter(|host| !host.is_same()) {
            writeln!(out, "\n## What differs: {}\n", host.name)?;
            for fault in &host.faults {
                writeln!(out, "- {}", fault.replace('\n', "\n  "))?;
            }
            for difference in &host.first {
                writeln!(out, "\n```text\n{difference}\n```")?;
            }
        }
        Ok(())
    }
}

/// The head of a table with a column for each host.
fn head<'n>(
    out: &mut fmt::Formatter<'_>,
    of: &str,
    what: &str,
    hosts: impl Iterator<Item = &'n str>,
) -> fmt::Result {
    let columns: Vec<String> = hosts.map(|name| format!("{name}: {what}")).collect();
    writeln!(out, "\n| {of} | cases | {} |", columns.join(" | "))?;
    writeln!(out, "| --- | ---: |{}", " ---: |".repeat(columns.len()))
}

fn number(number: Option<u64>) -> String {
    number.map_or_else(|| "–".to_owned(), |number| number.to_string())
}

fn milliseconds(nanoseconds: Option<u64>) -> String {
    nanoseconds.map_or_else(
        || "–".to_owned(),
        |nanoseconds| {
            let tenths = nanoseconds / 100_000;
            format!("{}.{}", tenths / 10, tenths % 10)
        },
    )
}
