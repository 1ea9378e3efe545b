//! What stands where after `new`, and that nothing does after a refusal.

use std::collections::BTreeSet;

use super::*;

fn name(text: &str) -> ProjectName {
    text.parse().unwrap()
}

/// Everything in a folder and the folders in it, by its path.
fn found(folder: &Path) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    let mut left = vec![folder.to_path_buf()];
    while let Some(next) = left.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                left.push(path);
            } else {
                let path = path.strip_prefix(folder).unwrap();
                all.insert(path.to_str().unwrap().to_owned());
            }
        }
    }
    all
}

#[test]
fn a_project_has_its_files_with_its_name_in_them() {
    for language in Language::ALL {
        let within = tempfile::tempdir().unwrap();
        let project = create(within.path(), &name("breakout-2"), language).unwrap();
        assert_eq!(project.folder, within.path().join("breakout-2"));
        let files: BTreeSet<String> = project.files.iter().map(|file| (*file).into()).collect();
        assert_eq!(found(&project.folder), files, "{language:?}");
        let texts = files.iter().map(|file| {
            let text = fs::read_to_string(project.folder.join(file)).unwrap();
            assert!(!text.contains(NAME_SLOT), "{language:?} {file}");
            text.contains("breakout-2")
        });
        assert!(texts.filter(|has_name| *has_name).count() >= 2);
        let made = fs::read_dir(within.path()).unwrap().count();
        assert_eq!(made, 1, "nothing stands beside it");
    }
}

#[test]
fn an_empty_folder_is_filled() {
    let within = tempfile::tempdir().unwrap();
    fs::create_dir(within.path().join("calm")).unwrap();
    let project = create(within.path(), &name("calm"), Language::Rules).unwrap();
    assert!(project.folder.join("policy.yaml").is_file());
}

#[track_caller]
fn refused(within: &Path, message: &str) {
    let before = found(within);
    let error = create(within, &name("taken"), Language::Rules).unwrap_err();
    assert_eq!(error.to_string(), message);
    assert_eq!(found(within), before, "nothing is left of it");
}

#[test]
fn what_is_there_is_never_written_over() {
    let within = tempfile::tempdir().unwrap();
    let taken = within.path().join("taken");
    fs::write(&taken, "mine").unwrap();
    refused(
        within.path(),
        &format!(
            "`{}` is a file: a project is a folder of its own",
            taken.display()
        ),
    );
    fs::remove_file(&taken).unwrap();
    fs::create_dir(&taken).unwrap();
    fs::write(taken.join("notes"), "mine").unwrap();
    refused(
        within.path(),
        &format!(
            "the folder `{}` is not empty, and nothing in it is written over",
            taken.display()
        ),
    );
    assert_eq!(fs::read_to_string(taken.join("notes")).unwrap(), "mine");
}

#[test]
fn a_folder_that_is_not_there_is_not_made() {
    let within = tempfile::tempdir().unwrap();
    let missing = within.path().join("missing");
    let error = create(&missing, &name("taken"), Language::Rust).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("there is no folder `{}` to make it in", missing.display())
    );
    assert!(!missing.exists());
}
