//! `journal`: what a store has journaled, listed, exported, counted, verified.

use std::io::{self, BufWriter};
use std::path::PathBuf;

use anyhow::Context as _;
use jiff::Timestamp;

use super::progress::Progress;
use super::{Outcome, ReportFormat};
use crate::journal::Journal;
use crate::journal::checkpoint::Checkpoint;
use crate::journal::export::export_parquet;
use crate::journal::filter::{Filter, LIMIT_MAX};
use crate::journal::list::{self, ListFormat};
use crate::journal::mask::{Mask, MaskField, MaskedFields};
use crate::journal::period::{End, Period};
use crate::journal::verify::{self, verify};
use crate::journal::why::why;
use crate::regular::Whole;
use crate::store::{StoreAddress, check_output};

/// Arguments of `journal`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Arguments {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    list: ListArguments,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Write decisions as JSON Lines or as a Parquet file.
    Export(ExportArguments),
    /// Count what became of the requests, by reason.
    Why(WhyArguments),
    /// Hold every entry to the chain, and its columns to it.
    Verify(VerifyArguments),
    /// Write down where the chain stands, to be kept elsewhere.
    Checkpoint(CheckpointArguments),
}

/// The store to read.
#[derive(Debug, clap::Args)]
pub struct StoreArgument {
    /// The store: `sqlite:` and its file. A router may run on it.
    #[arg(long, value_name = "S")]
    store: StoreAddress,
}

/// The time that is asked about.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct PeriodArguments {
    /// From then on: RFC 3339, a day in UTC (`2026-11-24`), or an age (`90m`, `24h`, `7d`).
    #[arg(long, value_name = "T")]
    since: Option<End>,
    /// Up to then, written alike.
    #[arg(long, value_name = "T")]
    until: Option<End>,
}

#[derive(Debug, clap::Args)]
struct ListArguments {
    /// The store: `sqlite:` and its file. A router may run on it.
    // The other verbs have their own, so that it is not asked for beside them.
    #[arg(long, value_name = "S")]
    store: Option<StoreAddress>,
    #[command(flatten)]
    filter: FilterArguments,
    /// Go on with every further entry as it comes.
    #[arg(long)]
    follow: bool,
    /// How entries are written: a line each, or a JSON object a line.
    #[arg(long, value_enum, default_value = "text")]
    format: ReportFormat,
}

#[derive(Debug, clap::Args)]
struct FilterArguments {
    #[command(flatten)]
    period: PeriodArguments,
    /// Decisions on this symbol.
    #[arg(long)]
    symbol: Option<String>,
    /// Decisions of this strategy.
    #[arg(long)]
    strategy: Option<String>,
    /// Decisions of this side.
    #[arg(long, value_parser = ["BUY", "SELL", "SKIP"], ignore_case = true)]
    side: Option<String>,
    /// Decisions for this reason.
    #[arg(long)]
    reason: Option<String>,
    /// Decisions under this client order id.
    #[arg(long)]
    id: Option<String>,
    /// The last so many.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(LIMIT_MAX)))]
    limit: Option<u32>,
    /// The key that names and ids are masked with: what is asked for is masked alike.
    #[arg(long, value_name = "FILE")]
    mask_key: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
struct ExportArguments {
    #[command(flatten)]
    store: StoreArgument,
    #[command(flatten)]
    filter: FilterArguments,
    /// What is written: JSON Lines as `journal` lists them, or Parquet, decisions alone.
    #[arg(long, value_enum)]
    format: ExportFormat,
    /// The file, which is written whole or left as it was; standard output where none is given,
    /// for JSON Lines.
    #[arg(short, long, value_name = "FILE", required_if_eq("format", "parquet"))]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum ExportFormat {
    /// A JSON object a line.
    Jsonl,
    /// A Parquet file.
    Parquet,
}

#[derive(Debug, clap::Args)]
struct WhyArguments {
    #[command(flatten)]
    store: StoreArgument,
    #[command(flatten)]
    period: PeriodArguments,
    /// How the counts are written.
    #[arg(long, value_enum, default_value = "text")]
    format: ReportFormat,
}

#[derive(Debug, clap::Args)]
struct VerifyArguments {
    #[command(flatten)]
    store: StoreArgument,
    /// Hold the journal to a checkpoint that was made before.
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// How the report is written.
    #[arg(long, value_enum, default_value = "text")]
    format: ReportFormat,
}

#[derive(Debug, clap::Args)]
struct CheckpointArguments {
    #[command(flatten)]
    store: StoreArgument,
    /// The file; an earlier checkpoint of the same journal makes room for it.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

impl StoreArgument {
    /// Opens the store to read it.
    pub(super) fn open(&self) -> anyhow::Result<Journal> {
        Ok(Journal::open(&self.store)?)
    }
}

impl PeriodArguments {
    /// The period, for somebody who asks now.
    pub(super) fn period(self) -> Period {
        let now = Timestamp::now();
        let instant = |end: Option<End>| end.map(|end| end.instant(now));
        Period {
            since: instant(self.since),
            until: instant(self.until),
        }
    }
}

impl FilterArguments {
    fn filter(&self) -> anyhow::Result<Filter> {
        let fields = [MaskField::Id, MaskField::Symbol, MaskField::Strategy];
        let fields = fields
            .into_iter()
            .fold(MaskedFields::NONE, MaskedFields::with);
        let mask = self.mask_key.as_deref().map(|key| Mask::read(key, fields));
        let mask = mask.transpose()?;
        let masked = |field, text: &Option<String>| {
            let text = text.as_deref()?;
            Some(match &mask {
                Some(mask) => mask.text(field, text).into_owned(),
                None => text.to_owned(),
            })
        };
        Ok(Filter {
            period: self.period.period(),
            symbol: masked(MaskField::Symbol, &self.symbol),
            strategy: masked(MaskField::Strategy, &self.strategy),
            side: self.side.as_deref().map(str::to_uppercase),
            reason: self.reason.clone(),
            id: masked(MaskField::Id, &self.id),
            limit: self.limit,
        })
    }
}

/// Reads the store and prints what was asked for.
///
/// # Errors
/// When the store cannot be read, or what was asked for not be written.
pub fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    match &arguments.verb {
        Some(Verb::Export(arguments)) => export(arguments),
        Some(Verb::Why(arguments)) => print_why(arguments),
        Some(Verb::Verify(arguments)) => print_verified(arguments),
        Some(Verb::Checkpoint(arguments)) => write_checkpoint(arguments),
        None => print_list(&arguments.list),
    }
}

const fn list_format(format: ReportFormat) -> ListFormat {
    match format {
        ReportFormat::Text => ListFormat::Text,
        ReportFormat::Json => ListFormat::Json,
    }
}

fn print_list(arguments: &ListArguments) -> anyhow::Result<Outcome> {
    let store = arguments.store.as_ref();
    let store = store.context("say which store: `--store sqlite:router.db`")?;
    let journal = Journal::open(store)?;
    let filter = arguments.filter.filter()?;
    let format = list_format(arguments.format);
    let mut out = io::stdout().lock();
    if arguments.follow {
        list::follow(&journal, &filter, format, &mut out, &mut || true)?;
    } else {
        list::list(&journal, &filter, format, &mut out)?;
    }
    Ok(Outcome::Done)
}

fn export(arguments: &ExportArguments) -> anyhow::Result<Outcome> {
    let journal = arguments.store.open()?;
    let filter = arguments.filter.filter()?;
    let Some(path) = &arguments.output else {
        list::list(
            &journal,
            &filter,
            ListFormat::Json,
            &mut io::stdout().lock(),
        )?;
        return Ok(Outcome::Done);
    };
    let cannot = || format!("cannot write `{}`", path.display());
    check_output(&arguments.store.store, path).with_context(cannot)?;
    let (whole, file) = Whole::create(path).with_context(cannot)?;
    let mut out = BufWriter::new(file);
    let count = match arguments.format {
        ExportFormat::Jsonl => {
            list::list(&journal, &filter, ListFormat::Json, &mut out).with_context(cannot)?
        }
        ExportFormat::Parquet => {
            let mut progress = Progress::new();
            let count = export_parquet(&journal, &filter, &mut out, &mut |rows| {
                progress.say(format_args!("exporting: {rows} decisions"));
            });
            progress.end();
            count.with_context(cannot)?
        }
    };
    let file = out.into_inner().map_err(io::IntoInnerError::into_error);
    file.and_then(|file| whole.place(&file))
        .with_context(cannot)?;
    let entries = if count == 1 { "entry" } else { "entries" };
    eprintln!(
        "execution-router: wrote {count} {entries} to `{}`",
        path.display()
    );
    Ok(Outcome::Done)
}

fn print_why(arguments: &WhyArguments) -> anyhow::Result<Outcome> {
    let why = why(&arguments.store.open()?, arguments.period.period())?;
    match arguments.format {
        ReportFormat::Text => print!("{}", why.to_text()),
        ReportFormat::Json => println!("{:#}", why.to_json()),
    }
    Ok(Outcome::Done)
}

fn print_verified(arguments: &VerifyArguments) -> anyhow::Result<Outcome> {
    let journal = arguments.store.open()?;
    let checkpoint = arguments.checkpoint.as_deref().map(Checkpoint::read);
    let mut progress = Progress::new();
    let verified = verify(&journal, checkpoint.transpose()?, &mut |entries| {
        progress.say(format_args!("verifying: {entries} entries"));
    });
    progress.end();
    let verified = verified?;
    match arguments.format {
        ReportFormat::Text => print!("{}", verify::write_text(&verified)),
        ReportFormat::Json => println!("{:#}", verify::write_json(&verified)),
    }
    Ok(if verified.is_sound() {
        Outcome::Done
    } else {
        Outcome::Findings
    })
}

fn write_checkpoint(arguments: &CheckpointArguments) -> anyhow::Result<Outcome> {
    let journal = arguments.store.open()?;
    let path = &arguments.output;
    check_output(&arguments.store.store, path)
        .with_context(|| format!("cannot write the checkpoint `{}`", path.display()))?;
    let checkpoint = Checkpoint::of(&journal, Timestamp::now())?;
    checkpoint.write(&journal, path)?;
    println!(
        "the chain stands at {} after entry {}",
        checkpoint.link, checkpoint.seq
    );
    Ok(Outcome::Done)
}
