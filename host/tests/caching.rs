//! The cache: what it holds is checked, what it cannot hold is made again, and a folder that
//! others can write to is not used.

#![allow(missing_docs, reason = "tests")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]
#![cfg(unix)]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use execution_router::cache::Cache;
use execution_router::policy::Policy;
use support::{CASES, DOCUMENT};

fn load(cache: &Cache) -> Policy {
    assert!(cache.refusal().is_none());
    Policy::from_document(DOCUMENT, Some(CASES), cache).unwrap()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}

#[test]
fn a_policy_is_kept_once_and_found_again() {
    let above = tempfile::tempdir().unwrap();
    let folder = above.path().join("deep").join("cache");
    let first = load(&Cache::at(&folder));
    let kept = files(&folder);
    // The component, its compiled form, and what the next document's need not compile again.
    let kinds: Vec<_> = kept.iter().filter_map(|file| file.extension()).collect();
    let count = |kind: &str| kinds.iter().filter(|found| **found == kind).count();
    let counts = ["component", "compiled", "functions"].map(count);
    assert_eq!(counts, [1, 2, 1], "{kept:?}");
    assert_eq!(
        fs::metadata(&folder).unwrap().permissions().mode() & 0o777,
        0o700
    );
    let times: Vec<_> = kept
        .iter()
        .map(|file| fs::metadata(file).unwrap().modified())
        .collect();
    let second = load(&Cache::at(&folder));
    assert_eq!(first.digest(), second.digest());
    assert_eq!(first.manifest(), second.manifest());
    assert_eq!(files(&folder), kept);
    for (file, time) in kept.iter().zip(times) {
        assert_eq!(
            fs::metadata(file).unwrap().modified().unwrap(),
            time.unwrap()
        );
        assert_eq!(
            fs::metadata(file).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
}

#[test]
fn a_damaged_entry_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let digest = load(&Cache::at(folder.path())).digest();
    let all = files(folder.path());
    for file in &all {
        let good = fs::read(file).unwrap();
        let mut flipped = good.clone();
        let middle = flipped.len() / 2;
        flipped[middle] ^= 1;
        for bad in [&flipped[..], &good[..good.len() - 1], &good[..20], b""] {
            // Alone, since some are only looked at where others are not there.
            for file in &all {
                fs::remove_file(file).unwrap();
            }
            fs::write(file, bad).unwrap();
            assert_eq!(load(&Cache::at(folder.path())).digest(), digest);
            assert_eq!(files(folder.path()), all);
            assert!(fs::read(file).unwrap().len() > bad.len() || bad.len() == good.len());
        }
    }
}

/// What every document needs must not be the first to make room, though it is the oldest.
#[test]
fn what_every_document_needs_stays_among_the_newest() {
    let folder = tempfile::tempdir().unwrap();
    load(&Cache::at(folder.path()));
    let old = std::time::SystemTime::UNIX_EPOCH;
    for file in files(folder.path()) {
        fs::File::open(&file).unwrap().set_modified(old).unwrap();
    }
    let other = format!("{DOCUMENT}# Other.\n");
    Policy::from_document(&other, None, &Cache::at(folder.path())).unwrap();
    let is_old = |file: &PathBuf| fs::metadata(file).unwrap().modified().unwrap() == old;
    let old: Vec<_> = files(folder.path()).into_iter().filter(is_old).collect();
    // The other document's own component and its compiled form.
    let kinds: Vec<_> = old.iter().map(|file| file.extension().unwrap()).collect();
    let mut kinds: Vec<_> = kinds.iter().map(|kind| kind.to_str().unwrap()).collect();
    kinds.sort();
    assert_eq!(kinds, ["compiled", "component"]);
}

#[test]
fn a_folder_of_others_is_not_used() {
    let above = tempfile::tempdir().unwrap();
    let open = above.path().join("open");
    fs::create_dir(&open).unwrap();
    fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
    let link = above.path().join("link");
    std::os::unix::fs::symlink(above.path(), &link).unwrap();
    let file = above.path().join("file");
    fs::write(&file, "x").unwrap();
    for (path, message) in [
        (
            &open,
            "can be written to by others: empty it, then `chmod 700` makes it private",
        ),
        (&link, "is not a folder of its own but a link or a file"),
        (&file, "is not a folder of its own but a link or a file"),
    ] {
        let cache = Cache::at(path);
        let refusal = cache.refusal().expect("refused").to_string();
        assert!(refusal.ends_with(message), "{refusal}");
        assert!(refusal.contains(path.to_str().unwrap()), "{refusal}");
        assert!(Policy::from_document(DOCUMENT, Some(CASES), &cache).is_ok());
    }
    assert_eq!(files(&open), Vec::<PathBuf>::new());
}

#[test]
fn policies_load_from_files_and_folders() {
    let folder = tempfile::tempdir().unwrap();
    let (cache, path) = (Cache::disabled(), folder.path());
    fs::write(path.join("policy.yaml"), DOCUMENT).unwrap();
    fs::write(path.join("cases.yaml"), CASES).unwrap();
    fs::write(path.join("policy.wasm"), support::default_component()).unwrap();
    let digest = Policy::default_policy(&cache).unwrap().digest();
    for path in [
        path.to_path_buf(),
        path.join("policy.yaml"),
        path.join("policy.wasm"),
    ] {
        assert_eq!(
            support::loader(&cache).load(&path).unwrap().digest(),
            digest,
            "{path:?}"
        );
    }
    fs::remove_file(path.join("cases.yaml")).unwrap();
    assert_ne!(Policy::load(path, &cache).unwrap().digest(), digest);
}

#[test]
fn what_cannot_be_loaded_names_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("none.yaml");
    let cut = folder.path().join("cut.wasm");
    fs::write(&cut, &support::default_component()[..1000]).unwrap();
    let broken = folder.path().join("broken.yaml");
    fs::write(&broken, "name: x\nrotes: []\n").unwrap();
    let binary = folder.path().join("binary.yaml");
    fs::write(&binary, b"name: \xff").unwrap();
    let empty = folder.path().join("empty");
    fs::create_dir(&empty).unwrap();
    for (path, says) in [
        (&missing, "cannot read `"),
        (&cut, "cut off or damaged at byte "),
        (&broken, "mistakes"),
        (&binary, "is not UTF-8 text: byte 6 is not"),
        (&empty, "policy.yaml`"),
    ] {
        let error = Policy::load(path, &Cache::disabled())
            .unwrap_err()
            .to_string();
        assert!(error.contains(path.to_str().unwrap()), "{error}");
        assert!(error.contains(says), "{error}");
    }
}
