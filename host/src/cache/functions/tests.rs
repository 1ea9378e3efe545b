use std::fs;

use super::*;
use crate::compiler;
use crate::policy::DEFAULT_DOCUMENT;
use crate::sandbox::{SandboxProfile, engine_digest};

const PROFILE: SandboxProfile = SandboxProfile::Strict;

/// The default policy in other words, compiled with what a folder holds: how many functions were
/// known before, and the compiled form.
fn compiled(cache: &Cache, remark: &str) -> (usize, Vec<u8>) {
    let document = format!("{DEFAULT_DOCUMENT}# {remark}\n");
    let component = crate::compose::compose(&document, None).unwrap();
    let functions = cache.functions(engine_digest(PROFILE).unwrap()).unwrap();
    let known = functions.known.len();
    let form = compiler::compile_own(&component, PROFILE, Some(functions)).unwrap();
    (known, form)
}

fn file(folder: &std::path::Path) -> PathBuf {
    let files = fs::read_dir(folder).unwrap();
    let mut files = files.map(|file| file.unwrap().path());
    let found = files.find(|path| path.extension().unwrap() == entry::FUNCTIONS);
    found.expect("a file of functions")
}

#[test]
fn another_document_is_compiled_of_the_same_functions_to_the_same_form() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::at(folder.path().join("cache"));
    assert_eq!(compiled(&cache, "first").0, 0);
    let (known, form) = compiled(&cache, "second");
    assert!(known > 200, "{known}");
    let alone = Cache::at(folder.path().join("another"));
    assert!(compiled(&alone, "second").1 == form);
}

#[test]
fn most_functions_are_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::at(folder.path().join("cache"));
    compiled(&cache, "first");
    let component = crate::compose::compose(DEFAULT_DOCUMENT, None).unwrap();
    let functions = cache.functions(engine_digest(PROFILE).unwrap()).unwrap();
    let functions = std::sync::Arc::new(functions);
    let known: std::sync::Arc<dyn CacheStore> = std::sync::Arc::<Functions>::clone(&functions);
    let engine = crate::sandbox::compiling_with(&PROFILE.limits().run, known).unwrap();
    engine.precompile_component(&component).unwrap();
    let made = functions.made();
    assert!(
        made.used.len() > 3 * made.new.len(),
        "{} found, {} new",
        made.used.len(),
        made.new.len()
    );
}

#[test]
fn damaged_functions_are_compiled_again() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::at(folder.path().join("cache"));
    let (_, good) = compiled(&cache, "first");
    let path = file(&folder.path().join("cache"));
    let written = fs::read(&path).unwrap();
    let mut flipped = written.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    for bad in [&flipped[..], &written[..written.len() - 1], b""] {
        fs::write(&path, bad).unwrap();
        let (known, form) = compiled(&cache, "first");
        assert_eq!(known, 0);
        assert!(form == good);
        assert!(!Functions::kept_at(path.clone()).known.is_empty());
    }
}

#[test]
fn what_is_no_list_of_functions_is_none() {
    let mut bytes = Vec::new();
    append(&mut bytes, &[7; KEY_BYTES], b"code");
    append(&mut bytes, &[8; KEY_BYTES], b"");
    let index_of = |bytes: &[u8]| index(bytes).map(|known| known.len());
    assert_eq!(index_of(&bytes), Some(2));
    assert_eq!(index_of(b""), Some(0));
    for cut in [1, KEY_BYTES, KEY_BYTES + 3, KEY_BYTES + LENGTH_BYTES + 3] {
        assert_eq!(index_of(&bytes[..cut]), None, "{cut}");
    }
    let mut long = bytes;
    long[KEY_BYTES..KEY_BYTES + LENGTH_BYTES].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(index_of(&long), None);
}

#[test]
fn functions_are_bounded_and_kept_nowhere_without_a_folder() {
    let functions = Functions::kept_at(PathBuf::from("/nowhere/at/all"));
    let half = FUNCTIONS_BYTES_MAX / 2;
    assert!(functions.insert(&[1; KEY_BYTES], vec![0; half]));
    assert!(!functions.insert(&[2; KEY_BYTES], vec![0; half]));
    assert!(functions.insert(&[3; KEY_BYTES], vec![0; 100]));
    assert!(!functions.insert(&[3; KEY_BYTES - 1], Vec::new()));
    assert!(functions.get(&[1; KEY_BYTES]).is_none());
    functions.keep();
    let configuration = engine_digest(PROFILE).unwrap();
    assert!(Cache::disabled().functions(configuration).is_none());
}
