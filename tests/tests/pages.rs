//! The project's pages: whatever one of them links to within the project is there, the chapter of
//! a page included.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops where it fails"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

/// Folders with pages of others.
const NOT_OURS: [&str; 3] = ["target", "node_modules", "dist"];

/// The pages below a folder, without links or hidden folders.
fn pages(folder: &Path, into: &mut BTreeMap<PathBuf, String>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        let is_folder = entry.file_type().unwrap().is_dir();
        if is_folder && !name.starts_with('.') && !NOT_OURS.contains(&&*name) {
            pages(&path, into);
        } else if name.ends_with(".md") {
            let text = fs::read_to_string(&path).unwrap();
            into.insert(path, text);
        }
    }
}

/// The lines of a page that are not code.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    text.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    })
}

/// What a chapter is linked by.
fn anchors(text: &str) -> BTreeSet<String> {
    let titles = prose(text).filter(|line| line.starts_with('#'));
    let anchor = |title: &str| {
        let title = title.trim_start_matches('#').trim().to_lowercase();
        let kept = title.chars().filter_map(|character| match character {
            ' ' => Some('-'),
            '-' | '_' => Some(character),
            _ => character.is_alphanumeric().then_some(character),
        });
        kept.collect()
    };
    titles.map(anchor).collect()
}

/// The targets of a page's links.
fn links(text: &str) -> Vec<&str> {
    let lines = prose(text);
    let parts = lines.flat_map(|line| line.split("](").skip(1));
    let targets = parts.filter_map(|part| part.split_once(')'));
    let targets = targets.map(|(target, _)| target);
    targets.filter(|target| !target.contains("://")).collect()
}

/// The path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}

#[test]
fn every_link_of_every_page_leads_somewhere() {
    let root = fs::canonicalize(Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).unwrap();
    let mut all = BTreeMap::new();
    pages(&root, &mut all);
    let mut looked_at = 0;
    let mut broken = Vec::new();
    for (page, text) in &all {
        for target in links(text) {
            looked_at += 1;
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let to = if file.is_empty() {
                page.clone()
            } else {
                plain(&page.parent().unwrap().join(file))
            };
            let is_there = match all.get(&to) {
                Some(text) => anchor.is_empty() || anchors(text).contains(anchor),
                None => to.exists(),
            };
            if !is_there {
                broken.push(format!("{}: {target}", page.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
    assert!(looked_at > 150, "{looked_at} links");
}

#[test]
fn anchors_and_links_are_read_as_they_are_shown() {
    let text = "# What `verify` *does*, and how_\n```sh\n# no title [a](b)\n```\n[c](d.md#e) and [f](https://g)\n";
    let expected = BTreeSet::from(["what-verify-does-and-how_".to_owned()]);
    assert_eq!(anchors(text), expected);
    assert_eq!(links(text), ["d.md#e"]);
}
