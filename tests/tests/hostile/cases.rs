//! The hostile components of the table, by what they attack. What becomes of each is not said
//! here but in `tests/hostile/outcomes.tsv`.

mod deciding;
mod files;
mod loading;
mod lying;

use crate::table::Case;

pub(crate) fn all() -> Vec<Case> {
    let mut all = files::cases();
    all.extend(loading::cases());
    all.extend(deciding::cases());
    all.extend(lying::cases());
    all
}
