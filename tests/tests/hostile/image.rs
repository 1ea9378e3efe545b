//! The memory of a policy, written as the canonical ABI reads it. Knows layouts, and nothing of
//! what is in them.

use router_guest::amount::Amount;
use router_guest::decision::{self, Refusal, RequestField};
use router_guest::manifest::{BudgetInfo, Manifest, SymbolInfo, TierInfo, Window};

/// Where the image begins: addresses below are never valid ones of ours.
pub(crate) const IMAGE_START: u32 = 1024;

/// Memory, laid out as the canonical ABI has it: little-endian, fields aligned to their size,
/// strings and lists as address and length, a variant's case in its first byte.
pub(crate) struct Image {
    pub(crate) bytes: Vec<u8>,
}

/// One record, at offsets that its own layout says.
pub(crate) struct Record(Vec<u8>);

impl Record {
    pub(crate) fn of_bytes(bytes: usize) -> Self {
        Self(vec![0; bytes])
    }

    fn put(&mut self, at: usize, bytes: &[u8]) {
        self.0[at..at + bytes.len()].copy_from_slice(bytes);
    }

    fn word(&mut self, at: usize, word: u32) {
        self.put(at, &word.to_le_bytes());
    }

    fn pair(&mut self, at: usize, (address, length): (u32, u32)) {
        self.word(at, address);
        self.word(at + 4, length);
    }

    /// `decimal`: high 0, low 8, scale 16; 24 bytes.
    fn decimal(&mut self, at: usize, value: Amount) {
        let (high, low, scale) = value.to_words();
        self.put(at, &high.to_le_bytes());
        self.put(at + 8, &low.to_le_bytes());
        self.put(at + 16, &[scale]);
    }

    /// `option<decimal>`: case 0, decimal 8; 32 bytes.
    fn maybe_decimal(&mut self, at: usize, value: Option<Amount>) {
        if let Some(value) = value {
            self.put(at, &[1]);
            self.decimal(at + 8, value);
        }
    }

    /// `option<u32>`: case 0, number 4; 8 bytes.
    fn maybe_word(&mut self, at: usize, value: Option<u32>) {
        if let Some(value) = value {
            self.put(at, &[1]);
            self.word(at + 4, value);
        }
    }
}

impl Image {
    pub(crate) const fn new() -> Self {
        Self { bytes: Vec::new() }
    }

    /// Puts bytes at the next address that 8 divides.
    pub(crate) fn place(&mut self, bytes: &[u8]) -> u32 {
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
        let address = self.end();
        self.bytes.extend(bytes);
        address
    }

    pub(crate) fn end(&self) -> u32 {
        IMAGE_START + u32::try_from(self.bytes.len()).unwrap()
    }

    fn text(&mut self, text: &str) -> (u32, u32) {
        (
            self.place(text.as_bytes()),
            u32::try_from(text.len()).unwrap(),
        )
    }

    fn list(&mut self, records: Vec<Record>) -> (u32, u32) {
        let length = u32::try_from(records.len()).unwrap();
        let bytes: Vec<u8> = records.into_iter().flat_map(|record| record.0).collect();
        (self.place(&bytes), length)
    }

    fn texts(&mut self, texts: &[String]) -> (u32, u32) {
        let records = texts
            .iter()
            .map(|text| {
                let mut record = Record::of_bytes(8);
                record.pair(0, self.text(text));
                record
            })
            .collect();
        self.list(records)
    }

    /// name 0, intent 8, size 16, budget 40; 48 bytes.
    fn tier(&mut self, tier: &TierInfo) -> Record {
        let mut record = Record::of_bytes(48);
        record.pair(0, self.text(&tier.name));
        record.put(8, &[tier.intent as u8]);
        record.decimal(16, tier.size);
        record.maybe_word(40, tier.budget);
        record
    }

    /// name 0, amount 8, percent 40, orders 72, window 80, seconds 84, zone 88, scope 96; 104.
    fn budget(&mut self, budget: &BudgetInfo) -> Record {
        let mut record = Record::of_bytes(104);
        let (window, seconds) = match budget.window {
            Window::None => (0, 0),
            Window::Hour => (1, 0),
            Window::Day => (2, 0),
            Window::Week => (3, 0),
            Window::Rolling { seconds } => (4, seconds),
        };
        record.pair(0, self.text(&budget.name));
        record.maybe_decimal(8, budget.amount);
        record.maybe_decimal(40, budget.percent);
        record.maybe_word(72, budget.orders);
        record.put(80, &[window]);
        record.word(84, seconds);
        record.pair(88, self.text(&budget.zone));
        record.put(96, &[budget.scope as u8]);
        record
    }

    /// name 0, shortable 8, step 16, min-quantity 48, min-notional 80; 112 bytes.
    fn symbol(&mut self, symbol: &SymbolInfo) -> Record {
        let mut record = Record::of_bytes(112);
        record.pair(0, self.text(&symbol.name));
        record.put(8, &[symbol.shortable.into()]);
        record.maybe_decimal(16, symbol.step);
        record.maybe_decimal(48, symbol.min_quantity);
        record.maybe_decimal(80, symbol.min_notional);
        record
    }

    /// schema 0, then name, version, currency and the lists, 8 bytes each; 84 bytes.
    pub(crate) fn manifest(&mut self, manifest: &Manifest) -> u32 {
        let mut record = Record::of_bytes(84);
        record.word(0, manifest.schema);
        record.pair(4, self.text(&manifest.name));
        record.pair(12, self.text(&manifest.version));
        record.pair(20, self.text(&manifest.account_currency));
        record.pair(28, self.texts(&manifest.reasons));
        record.pair(36, self.texts(&manifest.rules));
        let tiers = manifest.tiers.iter().map(|tier| self.tier(tier)).collect();
        record.pair(44, self.list(tiers));
        let budgets = manifest
            .budgets
            .iter()
            .map(|budget| self.budget(budget))
            .collect();
        record.pair(52, self.list(budgets));
        let symbols = manifest
            .symbols
            .iter()
            .map(|symbol| self.symbol(symbol))
            .collect();
        record.pair(60, self.list(symbols));
        let scores = manifest.score_thresholds.iter().map(|(field, value)| {
            let mut record = Record::of_bytes(16);
            record.put(0, &[*field as u8]);
            record.put(8, &value.to_le_bytes());
            record
        });
        record.pair(68, self.list(scores.collect()));
        let amounts = manifest.amount_thresholds.iter().map(|(field, value)| {
            let mut record = Record::of_bytes(32);
            record.put(0, &[*field as u8]);
            record.decimal(8, *value);
            record
        });
        record.pair(76, self.list(amounts.collect()));
        self.place(&record.0)
    }
}

/// What `decide` gives back: case 0, then at 8 a decision (side 0, intent 1, reason 4, rule 8,
/// effect 12, notional 16, quantity 48, tier 80, budget 88: case 0, index 8, need 16) or a
/// refusal (kind 0, field 1); 136 bytes.
pub(crate) fn answer_bytes(answer: &Result<decision::Decision, Refusal>) -> Vec<u8> {
    let mut record = Record::of_bytes(136);
    match answer {
        Ok(decision) => {
            record.put(8, &[decision.side as u8, decision.intent as u8]);
            record.word(12, decision.reason);
            record.word(16, decision.rule);
            record.put(20, &[decision.effect as u8]);
            record.maybe_decimal(24, decision.notional);
            record.maybe_decimal(56, decision.quantity);
            record.maybe_word(88, decision.tier);
            if let Some(claim) = decision.budget {
                record.put(96, &[1]);
                record.word(104, claim.budget);
                record.decimal(112, claim.need);
            }
        }
        Err(refusal) => {
            let (kind, field) = match refusal {
                Refusal::FieldMissing(field) => (0, *field),
                Refusal::FieldOverflow(field) => (1, *field),
                Refusal::BudgetsMissing => (2, RequestField::Position),
                Refusal::NoRoute => (3, RequestField::Position),
            };
            record.put(0, &[1]);
            record.put(8, &[kind, field as u8]);
        }
    }
    record.0
}
