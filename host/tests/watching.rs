//! A policy's file as file systems and editors change it: what a look finds, and what a watch
//! makes of it.

#![allow(missing_docs, reason = "tests")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops where it fails"
)]

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use execution_router::events::Event;
use execution_router::gate::Gate;
use execution_router::watch::{Look, Looker, Watch};
use execution_router::{Cache, Compiler, Loader, Policy, Router};

const DEFAULT: &str = include_str!("../../policies/default/policy.yaml");
/// What a test waits for at most before it fails.
const PATIENCE: Duration = Duration::from_secs(60);
/// So seldom that a test never waits for it: what is found is found by the watch.
const NEVER: Duration = Duration::from_secs(3600);

fn cache() -> Cache {
    Cache::at(concat!(env!("CARGO_TARGET_TMPDIR"), "/watching"))
}

fn named(name: &str) -> String {
    DEFAULT.replace("name: default", &format!("name: {name}"))
}

/// Saves as editors do that take care: beside, and renamed over.
fn save_by_rename(path: &Path, text: &str) {
    let beside = path.with_extension("yaml.tmp");
    fs::write(&beside, text).unwrap();
    fs::rename(beside, path).unwrap();
}

/// What a look found, in words.
#[track_caller]
fn found(looker: &mut Looker) -> String {
    match looker.look(&Loader::new(&cache())) {
        Look::Same => "same".into(),
        Look::Changed(candidate) => {
            let cache = cache();
            let compiler = Compiler::child(env!("CARGO_BIN_EXE_execution-router"));
            let loader = Loader::new(&cache).compiler(compiler);
            let policy = loader.component(candidate.component()).unwrap();
            policy.manifest().name.clone()
        }
        Look::Faulty(error) => error.to_string(),
        Look::Gone(path) => format!("gone {}", path.file_name().unwrap().display()),
    }
}

#[test]
fn a_look_says_each_thing_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.yaml");
    let mut looker = Looker::new(&path);
    let mut sees = |expected: &str| {
        let first = found(&mut looker);
        assert!(first.starts_with(expected), "{first}, not {expected}");
        assert_eq!(found(&mut looker), "same");
    };
    sees("gone policy.yaml");
    fs::write(&path, named("first")).unwrap();
    sees("first");
    save_by_rename(&path, &named("renamed"));
    sees("renamed");
    fs::write(&path, named("in-place")).unwrap();
    sees("in-place");
    // The same text, saved anew, is nothing new.
    save_by_rename(&path, &named("in-place"));
    sees("same");
    // Half a file, as one sees it that looks too early, is no policy; then it is whole.
    fs::write(&path, "name: half\n").unwrap();
    sees(&format!("`{}`: ", path.display()));
    fs::write(&path, named("whole")).unwrap();
    sees("whole");
    fs::remove_file(&path).unwrap();
    sees("gone policy.yaml");
    fs::write(&path, named("whole")).unwrap();
    sees("whole");
}

#[test]
fn cases_beside_a_document_are_part_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.yaml");
    fs::write(&path, named("cased")).unwrap();
    let mut looker = Looker::new(folder.path());
    assert_eq!(found(&mut looker), "cased");
    let cases = "- name: a hold is skipped\n  request: { final_action: HOLD, symbol: BTC/USDT, strategy: trend }\n  expect: { side: SKIP }\n";
    fs::write(folder.path().join("cases.yaml"), cases).unwrap();
    assert_eq!(found(&mut looker), "cased");
    assert_eq!(found(&mut looker), "same");
    fs::remove_file(folder.path().join("cases.yaml")).unwrap();
    assert_eq!(found(&mut looker), "cased");
}

#[test]
fn a_component_is_looked_at_by_its_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.wasm");
    let component = |name: &str| {
        let text = named(name);
        execution_router::compose::compose(&text, None).unwrap()
    };
    fs::write(&path, component("one")).unwrap();
    let mut looker = Looker::new(&path);
    assert_eq!(found(&mut looker), "one");
    fs::write(&path, component("one")).unwrap();
    assert_eq!(found(&mut looker), "same");
    fs::write(&path, component("two")).unwrap();
    assert_eq!(found(&mut looker), "two");
}

/// A router whose policy's file is watched, and what is told of it.
struct Watched {
    router: Arc<Router>,
    told: Receiver<Event>,
    watch: Watch,
}

impl Watched {
    fn polling(path: &Path, poll_every: Duration) -> Self {
        Self::behind(Gate::new(cache()), path, poll_every)
    }

    fn behind(gate: Gate, path: &Path, poll_every: Duration) -> Self {
        let (tell, told) = channel();
        let tell = Mutex::new(tell);
        let router = Router::new(Policy::load(path, &cache()).unwrap())
            .unwrap()
            .gate(gate)
            .observer(Box::new(move |event| {
                let _ = tell.lock().unwrap().send(event.clone());
            }));
        let router = Arc::new(router);
        let watch = Watch::polling(Arc::clone(&router), path, poll_every).unwrap();
        Self {
            router,
            told,
            watch,
        }
    }

    fn new(path: &Path) -> Self {
        Self::polling(path, NEVER)
    }

    /// The next event but quarantines, with the name of the policy that is live then.
    #[track_caller]
    fn next(&self) -> (&'static str, String) {
        loop {
            let event = self.told.recv_timeout(PATIENCE).expect("an event");
            if event.word() != "quarantined" {
                return (event.word(), self.router.policy().manifest.name.clone());
            }
        }
    }

    /// What was saved becomes the live policy.
    #[track_caller]
    fn lets_in(&self, name: &str) {
        assert_eq!(self.next(), ("activated", name.to_owned()));
    }

    /// What was saved does not, and the live policy stays.
    #[track_caller]
    fn keeps(&self, name: &str) {
        assert_eq!(self.next(), ("refused", name.to_owned()));
    }
}

#[test]
fn a_saved_document_becomes_live_however_it_is_saved() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.yaml");
    fs::write(&path, named("first")).unwrap();
    let watched = Watched::new(&path);
    save_by_rename(&path, &named("renamed"));
    watched.lets_in("renamed");
    // A second rename: a watch on the file itself would be dead by now.
    save_by_rename(&path, &named("again"));
    watched.lets_in("again");
    fs::write(&path, named("in-place")).unwrap();
    watched.lets_in("in-place");
    // In several steps, as some editors write; no half of it is a policy.
    let text = named("in-steps");
    let (start, end) = text.split_at(40);
    let mut file = fs::File::create(&path).unwrap();
    file.write_all(start.as_bytes()).unwrap();
    file.flush().unwrap();
    file.write_all(end.as_bytes()).unwrap();
    drop(file);
    loop {
        match watched.next() {
            ("refused", live) => assert_eq!(live, "in-place"),
            other => break assert_eq!(other, ("activated", "in-steps".to_owned())),
        }
    }
    // Moved away and written anew, with a swap file beside, as vim does.
    fs::write(folder.path().join(".policy.yaml.swp"), "name: swap").unwrap();
    fs::rename(&path, folder.path().join("policy.yaml~")).unwrap();
    fs::write(&path, named("vim")).unwrap();
    loop {
        match watched.next() {
            ("refused", live) => assert_eq!(live, "in-steps"),
            other => break assert_eq!(other, ("activated", "vim".to_owned())),
        }
    }
}

#[test]
fn what_is_no_policy_and_what_is_gone_leave_the_live_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.yaml");
    fs::write(&path, named("first")).unwrap();
    let watched = Watched::new(&path);
    save_by_rename(&path, "name: broken\n");
    watched.keeps("first");
    // Every exit is held up: the gate sees that.
    save_by_rename(
        &path,
        "name: skips\nversion: 1\naccount_currency: USDT\nroutes:\n  - last: { skip: not_today }\n",
    );
    watched.keeps("first");
    fs::remove_file(&path).unwrap();
    let event = watched.told.iter().find(|event| event.word() == "refused");
    assert_eq!(
        event.unwrap().to_string(),
        format!(
            "the policy that watch asked for is not let in: `{}` is gone; the live policy stays",
            path.display()
        )
    );
    fs::write(&path, named("back")).unwrap();
    watched.lets_in("back");
}

/// A folder as Kubernetes mounts a config map: the file is a link through `..data`, which is
/// renamed over.
fn publish(mount: &Path, version: &str, text: &str) {
    let data = mount.join(version);
    fs::create_dir(&data).unwrap();
    fs::write(data.join("policy.yaml"), text).unwrap();
    symlink(version, mount.join("..data_tmp")).unwrap();
    fs::rename(mount.join("..data_tmp"), mount.join("..data")).unwrap();
}

#[test]
fn a_config_map_is_followed_through_its_links() {
    for by_folder in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let mount = folder.path();
        publish(mount, "..1", &named("one"));
        symlink("..data/policy.yaml", mount.join("policy.yaml")).unwrap();
        let path = if by_folder {
            mount.to_path_buf()
        } else {
            mount.join("policy.yaml")
        };
        let watched = Watched::new(&path);
        for (version, name) in [("..2", "two"), ("..3", "three")] {
            publish(mount, version, &named(name));
            watched.lets_in(name);
        }
        fs::remove_dir_all(mount.join("..1")).unwrap();
    }
}

#[test]
fn a_folder_that_is_a_link_may_point_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let release = |name: &str| {
        let release = folder.path().join(name);
        fs::create_dir(&release).unwrap();
        fs::write(release.join("policy.yaml"), named(name)).unwrap();
        release
    };
    let point_to = |release: PathBuf| {
        let beside = folder.path().join("current.tmp");
        symlink(release, &beside).unwrap();
        fs::rename(beside, folder.path().join("current")).unwrap();
    };
    point_to(release("one"));
    let watched = Watched::new(&folder.path().join("current"));
    let two = release("two");
    point_to(two.clone());
    watched.lets_in("two");
    // And what is saved there then is seen too.
    save_by_rename(&two.join("policy.yaml"), &named("three"));
    watched.lets_in("three");
}

#[test]
fn what_no_watch_reports_is_found_by_polling() {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let real = elsewhere.path().join("real.yaml");
    fs::write(&real, named("one")).unwrap();
    let path = folder.path().join("policy.yaml");
    symlink(&real, &path).unwrap();
    let watched = Watched::polling(&path, Duration::from_millis(20));
    fs::write(&real, named("two")).unwrap();
    loop {
        match watched.next() {
            ("refused", live) => assert_eq!(live, "one"),
            other => break assert_eq!(other, ("activated", "two".to_owned())),
        }
    }
}

/// Bug: a policy that could not be let in for want of memory, a thread or a compiler was never
/// looked at again, since its file did not change. Fix: what the machine is at fault for is
/// tried anew at the next look.
#[test]
fn what_the_machine_was_at_fault_for_is_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.yaml");
    fs::write(&path, named("one")).unwrap();
    let program = folder.path().join("compiler");
    let gate = Gate::new(Cache::disabled()).compiler(Compiler::child(&program));
    let watched = Watched::behind(gate, &path, Duration::from_millis(20));
    let component = execution_router::compose::compose(&named("two"), None).unwrap();
    let other = folder.path().join("policy.wasm");
    fs::write(&other, component).unwrap();
    let router = Arc::clone(&watched.router);
    drop(watched.watch);
    let watch = Watch::polling(router, &other, Duration::from_millis(20)).unwrap();
    for _ in 0..2 {
        let event = watched.told.recv_timeout(PATIENCE).unwrap();
        assert!(event.to_string().contains("cannot be run: "), "{event}");
    }
    symlink(env!("CARGO_BIN_EXE_execution-router"), &program).unwrap();
    let mut told = watched.told.iter();
    let event = told.find(|event| event.word() != "refused").unwrap();
    assert_eq!(event.word(), "activated");
    assert_eq!(watched.router.policy().manifest.name, "two");
    assert!(watched.router.quarantine().is_empty());
    drop(watch);
}

#[test]
fn a_folder_that_is_not_there_cannot_be_watched() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gone/policy.yaml");
    let router = Router::new(Policy::default_policy(&cache()).unwrap()).unwrap();
    let error = Watch::start(Arc::new(router), &path).err().unwrap();
    let expected = format!("cannot watch `{}`: ", path.parent().unwrap().display());
    assert!(error.to_string().starts_with(&expected), "{error}");
}
