//! Random requests on random policies, answered in five ways: by the component one by one and
//! in batches, by the same engine natively, by the table as it reads, and by the document as it
//! is written. All must say the same.
//!
//! `DIFFERENTIAL_REQUESTS=10000000` asks so many in place of the default.

use std::collections::BTreeMap;

use conformance::as_written::{self, Answer};
use conformance::generate::Numbers;
use conformance::generate_policy::{self, Kind};
use conformance::naive::{self, Tally};
use conformance::tree::Tree;
use execution_router::policy::Instance;
use router_guest::decision::{Decision, Refusal};
use router_guest::document::Document;

use super::{Asked, Batch, Both, exactly, same};

/// The switch for another number of requests.
const REQUESTS: &str = "DIFFERENTIAL_REQUESTS";
/// Requests where nothing else is asked for.
const REQUESTS_DEFAULT: u64 = 1_000_000;
/// Requests that go through one policy.
const REQUESTS_PER_POLICY: u64 = 12_500;
/// Requests of one batch.
const BATCH: u64 = 250;

/// What a run has met.
#[derive(Default)]
struct Met {
    decisions: u64,
    policies: u64,
    outcomes: BTreeMap<String, u64>,
    conditions: Tally,
    /// How often each rule of each policy decided.
    hits: Vec<u64>,
}

/// A policy in every form.
struct Forms {
    text: String,
    document: Document,
    tree: Tree,
    both: Both,
}

impl Forms {
    fn draw(numbers: &mut Numbers, kind: Kind) -> Self {
        let text = generate_policy::document(numbers, kind);
        Self {
            document: Document::parse(&text).unwrap(),
            tree: Tree::read(&text),
            both: Both::of(&text),
            text,
        }
    }

    /// What the component says by itself, held to everything but batches.
    fn ask(
        &self,
        single: &mut Instance,
        asked: &Asked,
        met: &mut Met,
    ) -> Result<Decision, Refusal> {
        let (request, state) = (&asked.request, asked.state());
        let decided = same(&self.both, single, request, &state);
        let read = naive::decide(self.document.table(), request, &state, &mut met.conditions);
        assert_eq!(decided, read, "{request:?} {state:?} in\n{}", self.text);
        let written = as_written::decide(&self.tree, request, &state);
        let manifest = self.both.native.manifest();
        let named = decided.map(|decision| Answer::of(&decision, manifest));
        assert_eq!(named, written, "{request:?} {state:?} in\n{}", self.text);
        decided
    }
}

impl Met {
    fn run(&mut self, seed: u64, requests: u64) {
        let kind = if seed.is_multiple_of(2) {
            Kind::ExitsFirst
        } else {
            Kind::Wild
        };
        let mut numbers = Numbers::new(seed);
        let forms = Forms::draw(&mut numbers, kind);
        let budgets = forms.both.budgets();
        let mut single = forms.both.policy.instantiate().unwrap();
        let mut batched = forms.both.policy.instantiate().unwrap();
        let mut hits = vec![0; forms.document.table().rules.len()];
        let mut left = requests;
        while left > 0 {
            let count = left.min(BATCH);
            left -= count;
            let asked: Vec<_> = (0..count)
                .map(|_| Asked::draw(&mut numbers, budgets))
                .collect();
            let alone: Vec<_> = asked
                .iter()
                .map(|asked| forms.ask(&mut single, asked, self))
                .collect();
            for decided in &alone {
                self.count(decided, &mut hits);
            }
            // A batch cannot bring another number of uses than there are budgets.
            let (asked, alone): (Vec<_>, Vec<_>) = asked
                .into_iter()
                .zip(alone)
                .filter(|(asked, _)| asked.uses.as_ref().is_none_or(|uses| uses.len() == budgets))
                .unzip();
            let Batch { names, uses, items } = Batch::of(&asked, budgets);
            let (answers, _) = batched.decide_batch(&names, &uses, &items).unwrap();
            assert_eq!(answers.len(), alone.len());
            for ((asked, answer), alone) in asked.iter().zip(&answers).zip(&alone) {
                if answer != alone || exactly(answer) != exactly(alone) {
                    panic!("{:?}: {alone:?}, in a batch {answer:?}", asked.request);
                }
            }
        }
        self.policies += 1;
        self.hits.append(&mut hits);
    }

    fn count(&mut self, decided: &Result<Decision, Refusal>, hits: &mut [u64]) {
        self.decisions += 1;
        let outcome = match decided {
            Ok(decision) => {
                hits[decision.rule as usize] += 1;
                decision.effect.word().to_owned()
            }
            Err(refusal) => format!("{refusal:?}"),
        };
        *self.outcomes.entry(outcome).or_default() += 1;
    }

    fn print(&self) {
        let hit = self.hits.iter().filter(|hits| **hits > 0).count();
        let mut sorted = self.hits.clone();
        sorted.sort_unstable();
        println!(
            "{} requests on {} policies: {hit} of {} rules hit, the one in the middle {} times, none more than {}",
            self.decisions,
            self.policies,
            sorted.len(),
            sorted[sorted.len() / 2],
            sorted.last().unwrap(),
        );
        println!("outcomes {:#?}", self.outcomes);
        for (word, tested) in &self.conditions {
            println!(
                "{word:20} held {:>9}  failed {:>9}",
                tested.held, tested.failed
            );
        }
    }
}

#[test]
fn random_requests_on_random_policies() {
    let wanted = std::env::var(REQUESTS).map(|text| text.parse().expect("a number"));
    let wanted = wanted.unwrap_or(REQUESTS_DEFAULT);
    let mut met = Met::default();
    for seed in 0.. {
        let left = wanted - met.decisions;
        if left == 0 {
            break;
        }
        met.run(seed, left.min(REQUESTS_PER_POLICY));
    }
    met.print();
    assert_eq!(met.decisions, wanted);
    let hit = met.hits.iter().filter(|hits| **hits > 0).count();
    assert!(hit * 2 > met.hits.len(), "{hit} of {}", met.hits.len());
    if wanted >= REQUESTS_DEFAULT {
        for (word, tested) in &met.conditions {
            assert!(
                tested.held >= 200 && tested.failed >= 200,
                "{word}: {tested:?}"
            );
        }
        assert_eq!(met.conditions.len(), 28, "{:?}", met.conditions.keys());
    }
}
