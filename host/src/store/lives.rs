//! Which policies were live on a store and may be again, with their components, and what the budgets
//! there are counted in. Chooses none: that is the router's, when it starts.

use std::collections::HashSet;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _};

use super::error::StoreFault;
use super::load::{meta, unsound};
use super::manifest;
use crate::digest::Digest;
use crate::ledger::{ComponentFault, Life};

/// Policies that may be live again which are looked at, at most.
const LIVES_MAX: usize = 64;
/// The key of what budgets are counted in.
const ACCOUNT_CURRENCY: &str = "account_currency";

/// Reads which policies were live and may be again, the last one first.
pub(super) fn lives(connection: &Connection, path: &Path) -> Result<Vec<Life>, StoreFault> {
    let fault = |error: rusqlite::Error| StoreFault::of_sqlite(path, &error);
    let refused = refused(connection).map_err(fault)?;
    let mut statement = connection
        .prepare(
            "SELECT kind, changes.digest, generation, coalesce(name, ''), coalesce(version, ''), \
             coalesce(profile, '') FROM changes LEFT JOIN policies USING (digest) \
             WHERE kind IN ('started', 'swap', 'rollback') AND generation IS NOT NULL \
             AND changes.digest IS NOT NULL ORDER BY seq",
        )
        .map_err(fault)?;
    let mut rows = statement.query([]).map_err(fault)?;
    let mut succession = Succession::default();
    while let Some(row) = rows.next().map_err(fault)? {
        let (kind, text): (String, String) =
            (row.get(0).map_err(fault)?, row.get(1).map_err(fault)?);
        let digest = Digest::of_text(&text)
            .ok_or_else(|| unsound(path, format!("the live policy's digest `{text}`")))?;
        let generation: i64 = row.get(2).map_err(fault)?;
        let life = Life {
            digest,
            generation: u64::try_from(generation).unwrap_or(0),
            name: row.get(3).map_err(fault)?,
            version: row.get(4).map_err(fault)?,
            profile: row.get(5).map_err(fault)?,
        };
        if !refused.contains(&generation) {
            succession.note(&kind, life);
        }
    }
    Ok(succession.lives())
}

/// Generations that are on disk, and were given up since nobody could say so.
fn refused(connection: &Connection) -> rusqlite::Result<HashSet<i64>> {
    let mut statement = connection.prepare(
        "SELECT generation FROM changes WHERE kind = 'refused' AND generation IS NOT NULL",
    )?;
    let generations = statement.query_map([], |row| row.get(0))?;
    generations.collect()
}

/// What is live and what stands behind it, as a router has it; the last one is live.
#[derive(Default)]
struct Succession(Vec<Life>);

impl Succession {
    fn note(&mut self, kind: &str, life: Life) {
        let all = &mut self.0;
        if kind == "rollback" {
            // What was live is not kept, nor is what had lost its place in between.
            let again = all.iter().rposition(|one| one.digest == life.digest);
            all.truncate(again.unwrap_or(all.len().saturating_sub(1)));
        } else if all.last().is_some_and(|last| last.digest == life.digest) {
            all.pop();
        }
        if all.len() >= LIVES_MAX {
            all.remove(0);
        }
        all.push(life);
    }

    /// Each policy once, the last one first.
    fn lives(self) -> Vec<Life> {
        let mut lives: Vec<Life> = Vec::new();
        for life in self.0.into_iter().rev() {
            if lives.iter().all(|known| known.digest != life.digest) {
                lives.push(life);
            }
        }
        lives
    }
}

/// Reads the component of a policy.
pub(super) fn component(
    connection: &Connection,
    digest: Digest,
) -> Result<Vec<u8>, ComponentFault> {
    let component: Option<Vec<u8>> = connection
        .query_row(
            "SELECT component FROM policies WHERE digest = ?1",
            [digest.to_string()],
            |row| row.get(0),
        )
        .optional()
        .map_err(|error| ComponentFault::Unreadable {
            what: error.to_string(),
        })?;
    let component = component.ok_or(ComponentFault::Missing)?;
    if Digest::of(&component) != digest {
        return Err(ComponentFault::Damaged);
    }
    Ok(component)
}

/// What budgets are counted in: what the store was begun with. A store of an earlier program does
/// not say so, and is in the currency of the policy that was live last on it.
pub(super) fn account_currency(
    connection: &Connection,
    lives: &[Life],
) -> rusqlite::Result<Option<String>> {
    let begun: Option<String> = meta(connection, ACCOUNT_CURRENCY)?;
    let (None, Some(last)) = (&begun, lives.first()) else {
        return Ok(begun);
    };
    let text: Option<String> = connection
        .query_row(
            "SELECT manifest FROM policies WHERE digest = ?1",
            [last.digest.to_string()],
            |row| row.get(0),
        )
        .optional()?;
    let manifest = text.and_then(|text| manifest::of_json(&text));
    Ok(manifest.map(|manifest| manifest.account_currency))
}

/// Writes down what budgets are counted in, unless that stands there already.
pub(super) fn begin_account_currency(
    connection: &Connection,
    account_currency: &str,
) -> rusqlite::Result<()> {
    connection
        .execute(
            "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO NOTHING",
            [ACCOUNT_CURRENCY, account_currency],
        )
        .map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What may be live again after these changes, as `swap b` or `started a`.
    #[track_caller]
    fn stand(changes: &str, expected: &str) {
        let mut succession = Succession::default();
        for (generation, change) in (1..).zip(changes.split(", ")) {
            let (kind, name) = change.split_once(' ').unwrap();
            succession.note(
                kind,
                Life {
                    digest: Digest::of(name.as_bytes()),
                    generation,
                    name: name.to_owned(),
                    version: "1".to_owned(),
                    profile: "strict".to_owned(),
                },
            );
        }
        let lives = succession.lives().into_iter();
        let lives: Vec<_> = lives
            .map(|life| format!("{}{}", life.name, life.generation))
            .collect();
        assert_eq!(lives.join(" "), expected, "{changes}");
    }

    #[test]
    fn what_may_be_live_again_is_what_a_rollback_goes_back_to() {
        stand("started a", "a1");
        stand("started a, started a", "a2");
        stand("started a, swap b", "b2 a1");
        stand("started a, swap b, started b", "b3 a1");
        // The one that was rolled back from is not kept.
        stand("started a, swap b, rollback a", "a3");
        stand("started a, swap b, swap c, rollback b", "b4 a1");
        stand("started a, swap b, swap c, rollback b, rollback a", "a5");
        // Where another one lost its place in between, it goes as well.
        stand("started a, swap b, swap c, rollback a", "a4");
        // Each once, as what it was last.
        stand("started a, swap b, swap a", "a3 b2");
        stand("started a, swap b, swap a, rollback b", "b4 a1");
        // A start with another policy than the one that was live.
        stand("started a, started b, rollback a", "a3");
        // What is not known is gone back to all the same.
        stand("rollback a", "a1");
        stand("started a, rollback b", "b2");
    }

    #[test]
    fn the_oldest_are_let_go() {
        let all: Vec<_> = (0..100).map(|number| format!("swap p{number}")).collect();
        let mut succession = Succession::default();
        for (generation, change) in (1..).zip(&all) {
            succession.note(
                "swap",
                Life {
                    digest: Digest::of(change.as_bytes()),
                    generation,
                    name: String::new(),
                    version: String::new(),
                    profile: String::new(),
                },
            );
        }
        let lives = succession.lives();
        assert_eq!(lives.len(), LIVES_MAX);
        assert_eq!(
            (lives[0].generation, lives[LIVES_MAX - 1].generation),
            (100, 37)
        );
    }
}
