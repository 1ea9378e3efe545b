//! Cycles of a store on a disk in memory: load, something that goes wrong, a power cut, perhaps
//! more of them while the store recovers, and an audit.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use execution_router::store::{SqliteStore, StoreAddress};
use execution_router::{Candidate, Request, Router};
use router_guest::json::{Line, parse_line};
use tempfile::TempDir;

use super::acknowledged::Acknowledged;
use super::audit::{self, Audit, Finding};
use super::load::{Load, Order};
use super::options::{answers_from_disk, options};
use super::variants::{Variant, Variants};
use super::{EQUITY, STRATEGIES, SYMBOL};
use crate::disk::{Dice, Disk, Fault, Harm, Struck};
use crate::ledger::model::Units;

/// Threads that ask at once.
const THREADS: u64 = 3;
/// What each asks in a cycle at most.
const CALLS: u64 = 40;
/// Changes of the disk in which the fault strikes.
const CHANGES: u64 = 160;
/// Power cuts during one recovery at most, and the changes in which each strikes.
const RECOVERY_CUTS: u64 = 3;
const RECOVERY_CHANGES: u64 = 30;
/// How long a store may take to serve again.
const BACK_MAX: Duration = Duration::from_secs(30);
/// Cycles on one store, before another is begun.
pub const CYCLES_ON_ONE: u64 = 25;
/// The store's file.
const NAME: &str = "router.db";

/// What came up in cycles.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cycles {
    /// Cycles.
    pub cycles: u64,
    /// Answers that went out.
    pub acknowledged: u64,
    /// Cycles in which the power went in the middle of something.
    pub cut: u64,
    /// Cycles in which the disk failed and the store came back.
    pub came_back: u64,
    /// Cycles in which the disk failed, the process died of it, and another one went on.
    pub started_again: u64,
    /// Cycles in which the store could not be opened until the disk was whole again.
    pub not_opened: u64,
    /// Power cuts during recovery.
    pub recovery_cuts: u64,
    /// Reservations on disk that nobody was told of.
    pub unacknowledged: u64,
    /// Swaps that are in the logs.
    pub swaps: u64,
    /// Reservations whose time was over.
    pub expired: u64,
}

/// A disk with a store on it.
pub struct Place {
    // Taken off before its folder goes.
    disk: Disk,
    folder: TempDir,
    variants: Variants,
    candidates: Vec<Candidate>,
    /// Which of them is live.
    live: u64,
    /// Which options the store is kept by.
    kept: u64,
    dice: Dice,
    /// Told apart from all other loads on this store.
    run: u64,
    orders: Vec<Order>,
    acknowledged: Vec<Acknowledged>,
    seen: Cycles,
}

impl Place {
    /// An empty disk; the seed decides what goes wrong on it.
    ///
    /// # Errors
    /// When there is no folder to be had.
    pub fn new(seed: u64, variants: Variants) -> std::io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let disk = Disk::mount(folder.path(), seed)?;
        // Whoever looks for the file by other ways than SQLite finds that it is there.
        std::fs::write(disk.path(NAME), [])?;
        Ok(Self {
            disk,
            folder,
            candidates: variants.candidates(),
            variants,
            live: 0,
            kept: 0,
            dice: Dice::new(seed ^ 0x5707e),
            run: 0,
            orders: Vec::new(),
            acknowledged: Vec::new(),
            seen: Cycles::default(),
        })
    }

    /// So many cycles.
    ///
    /// # Errors
    /// The first finding, with the cycle that it is of.
    pub fn cycles(&mut self, count: u64) -> Result<Cycles, Finding> {
        for _ in 0..count {
            self.cycle()
                .map_err(|finding| format!("cycle {}: {finding}", self.run))?;
        }
        Ok(Cycles {
            acknowledged: u64::try_from(self.acknowledged.len()).unwrap_or(0),
            ..self.seen
        })
    }

    /// Keeps the disk's files for other tools to look at, and says where.
    pub fn keep(self) -> std::io::Result<std::path::PathBuf> {
        self.disk.copy_to(self.folder.path())?;
        Ok(self.folder.keep())
    }

    fn cycle(&mut self) -> Result<(), Finding> {
        self.run += 1;
        self.seen.cycles += 1;
        let fault = self.fault();
        let strikes_opening = self.dice.one_in(6);
        if strikes_opening {
            self.disk.arm(&[fault]);
        }
        match self.open() {
            Ok(router) => {
                if !strikes_opening {
                    self.disk.arm(&[fault]);
                }
                self.load(&router, CALLS)?;
                if self.disk.is_on() && fault.harm != Harm::PowerCut {
                    if self.dice.one_in(2) {
                        self.come_back(&router)?;
                    } else {
                        self.start_again(router)?;
                    }
                }
                self.cut();
            }
            // The disk failed while the store was opened.
            Err(_) if strikes_opening => {
                self.seen.not_opened += 1;
                self.cut();
            }
            Err(finding) => return Err(finding),
        }
        self.recover()?;
        self.look()
    }

    /// What goes wrong: mostly the power, sometimes the disk.
    fn fault(&mut self) -> Fault {
        let before = self.dice.below(CHANGES);
        let (harm, each) = match self.dice.below(10) {
            0 => (Harm::IoError, Struck::SYNCS),
            1 => (Harm::IoError, Struck::WRITES),
            2 => (Harm::DiskFull, Struck::CHANGES),
            _ => (Harm::PowerCut, Struck::CHANGES),
        };
        let before = if each == Struck::SYNCS {
            before / 3
        } else {
            before
        };
        Fault::after(harm, each, before).times(1 + self.dice.below(12))
    }

    /// Opens the store under the live policy, or another one.
    fn open(&mut self) -> Result<Router, Finding> {
        if self.dice.one_in(3) {
            self.live = self.dice.below(u64::MAX);
        }
        let policy = self.variants.one(self.live)?.policy.clone();
        let address = StoreAddress::sqlite(self.disk.path(NAME));
        self.kept = self.dice.below(u64::MAX);
        let store =
            SqliteStore::open(&address, options(self.kept)).map_err(|fault| fault.to_string())?;
        let router = Router::with_store(policy, Box::new(store));
        let router = router.map_err(|error| error.to_string())?;
        Ok(router.gate(self.variants.gate()))
    }

    /// Asks until it is done or the store refuses, and notes what was answered.
    fn load(&mut self, router: &Router, calls: u64) -> Result<(), Finding> {
        let answered = Mutex::new(std::mem::take(&mut self.acknowledged));
        let says = |answer| {
            if let Ok(mut answered) = answered.lock() {
                answered.push(answer);
            }
        };
        let load = Load::new(router, self.run, std::mem::take(&mut self.orders), &says)
            .swapping(self.candidates.clone())
            .from_disk(answers_from_disk(self.kept));
        let outcome = load.run(THREADS, calls);
        self.orders = load.into_orders();
        self.acknowledged = answered.into_inner().unwrap_or_default();
        outcome
    }

    /// Asks until the store serves again, after the disk was mended, and then a little more.
    fn come_back(&mut self, router: &Router) -> Result<(), Finding> {
        self.disk.arm(&[]);
        let began = Instant::now();
        let before = self.acknowledged.len();
        while self.acknowledged.len() < before + 4 {
            if began.elapsed() > BACK_MAX {
                return Err("the store does not come back".to_owned());
            }
            // Other ids than those of the load before.
            self.run += 1;
            self.load(router, 6)?;
            std::thread::sleep(Duration::from_millis(20));
        }
        self.seen.came_back += 1;
        Ok(())
    }

    /// The process dies of the fault, and another one goes on with what the cache shows.
    fn start_again(&mut self, router: Router) -> Result<(), Finding> {
        self.disk.kill();
        drop(router);
        self.disk.arm(&[]);
        let router = self.open()?;
        self.run += 1;
        self.load(&router, 6)?;
        self.disk.power_cut();
        self.seen.started_again += 1;
        Ok(())
    }

    fn cut(&mut self) {
        if self.disk.is_on() {
            self.disk.power_cut();
        } else {
            self.seen.cut += 1;
        }
    }

    /// Opens the store while the power goes again and again.
    fn recover(&mut self) -> Result<(), Finding> {
        for _ in 0..self.dice.below(RECOVERY_CUTS + 1) {
            self.disk.power_on();
            let before = self.dice.below(RECOVERY_CHANGES);
            self.disk
                .arm(&[Fault::after(Harm::PowerCut, Struck::CHANGES, before)]);
            let opened = self.open();
            if self.disk.is_on() {
                self.disk.power_cut();
            } else {
                self.seen.recovery_cuts += 1;
            }
            drop(opened);
        }
        self.disk.power_on();
        self.disk.arm(&[]);
        Ok(())
    }

    /// Opens the store, and holds it to all that was ever answered.
    fn look(&mut self) -> Result<(), Finding> {
        let router = self.open()?;
        let store = self.disk.path(NAME);
        let audit = audit::audit(&store, &self.acknowledged, &self.variants)?;
        self.seen.unacknowledged = audit.unacknowledged;
        self.seen.swaps = audit.swaps;
        self.seen.expired = audit.expired;
        counts(&router, &audit, self.variants.one(self.live)?)?;
        self.repeats(&router)
    }

    /// A request that was answered gets its reservation again, and no other.
    fn repeats(&mut self, router: &Router) -> Result<(), Finding> {
        for _ in 0..4 {
            let place = self.dice.place(self.orders.len());
            let Some(order) = self.orders.get(place) else {
                return Ok(());
            };
            let request = request(&order.line)?;
            let decision = router.decide(&request).map_err(|error| error.to_string())?;
            let number = decision.reservation().map(|one| one.number());
            if (decision.repeated, number) != (true, Some(order.number)) {
                return Err(format!(
                    "a repeat of R{} gets {number:?}, repeated: {}",
                    order.number, decision.repeated
                ));
            }
        }
        Ok(())
    }
}

impl Cycles {
    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            cycles: self.cycles + other.cycles,
            acknowledged: self.acknowledged + other.acknowledged,
            cut: self.cut + other.cut,
            came_back: self.came_back + other.came_back,
            started_again: self.started_again + other.started_again,
            not_opened: self.not_opened + other.not_opened,
            recovery_cuts: self.recovery_cuts + other.recovery_cuts,
            unacknowledged: self.unacknowledged + other.unacknowledged,
            swaps: self.swaps + other.swaps,
            expired: self.expired + other.expired,
        }
    }
}

/// So many cycles, on several disks at once; stores wait for each other and for the clock more
/// than they work.
///
/// # Errors
/// The first finding, with the seed of its disk.
pub fn run(seed: u64, cycles: u64, disks: u64, variants: &Variants) -> Result<Cycles, Finding> {
    variants.certify()?;
    let places = cycles.div_ceil(CYCLES_ON_ONE);
    let next = std::sync::atomic::AtomicU64::new(0);
    let work = || -> Result<Cycles, Finding> {
        let mut seen = Cycles::default();
        loop {
            let place = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            if place >= places {
                return Ok(seen);
            }
            let count = CYCLES_ON_ONE.min(cycles - place * CYCLES_ON_ONE);
            seen = seen.and(run_one(seed + place, count, variants)?);
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..disks).map(|_| scope.spawn(work)).collect();
        threads
            .into_iter()
            .try_fold(Cycles::default(), |seen, one| {
                let outcome = one.join().map_err(|_| "a disk's thread died".to_owned())?;
                Ok(seen.and(outcome?))
            })
    })
}

fn run_one(seed: u64, cycles: u64, variants: &Variants) -> Result<Cycles, Finding> {
    let mut place = Place::new(seed, variants.clone()).map_err(|error| error.to_string())?;
    place.cycles(cycles).map_err(|finding| {
        let kept = place.keep();
        let kept = kept.map_or_else(|_| "nowhere".to_owned(), |path| path.display().to_string());
        format!("disk {seed}, {finding} (its files are kept in {kept})")
    })
}

/// The router counts what the journal comes to.
pub(super) fn counts(router: &Router, audit: &Audit, live: &Variant) -> Result<(), Finding> {
    let now = crate::ledger::calendar::timestamp(audit.model.now.microseconds);
    for (number, strategy) in STRATEGIES.iter().enumerate() {
        let line = format!(
            r#"{{"timestamp":"{now}","final_action":"BUY","symbol":"{SYMBOL}","strategy":"{strategy}","trade_type":"pilot","position":null,"equity":"{EQUITY}"}}"#
        );
        let uses = router
            .budget_uses(&request(&line)?)
            .map_err(|error| error.to_string())?;
        let counted = uses.first().map(|uses| {
            let (used, reserved) = (audit::units_of(uses.used), audit::units_of(uses.reserved));
            (used, reserved, uses.orders)
        });
        let sum = audit.model.sum(&live.terms, 0, number);
        let expected: (Units, Units, u32) = (sum.used, sum.reserved, sum.orders);
        if counted != Some(expected) {
            return Err(format!(
                "the router counts {counted:?} of {strategy}, and the journal {expected:?}"
            ));
        }
    }
    Ok(())
}

pub(super) fn request(line: &str) -> Result<Request<'_>, Finding> {
    match parse_line(line.as_bytes()) {
        Ok(Line::Request(read)) => {
            Request::from_line(read).map_err(|fault| format!("`{line}` is refused: {fault:?}"))
        }
        _ => Err(format!("`{line}` is no request")),
    }
}
