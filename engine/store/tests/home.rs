//! Creating, completing, opening and refusing a home.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests panic, look at files and start processes"
)]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use common::{AT, NEW, child, finish, new_home, stamp, told};
use lexhold_model::Digest;
use lexhold_store::{EntryKind, ErrorKind, Home, Progress, Sources, StoreMode};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_new_home_says_what_it_is_and_keeps_its_key_to_itself() {
    let (_folder, home) = new_home();
    let again = Home::open(home.root()).unwrap();
    assert_eq!(
        (again.id(), again.zone(), again.store_mode()),
        (home.id(), "Europe/Berlin", StoreMode::Archive)
    );
    assert_eq!(home.id().len(), 32);
    assert_eq!(
        again.content_key().unwrap().secret(),
        home.content_key().unwrap().secret()
    );
    assert_ne!(
        home.content_key().unwrap().secret(),
        new_home().1.content_key().unwrap().secret()
    );
    assert_eq!(
        (
            mode(&home.root().join("keys")),
            mode(&home.root().join("keys/content.key"))
        ),
        (0o700, 0o600)
    );
    let first = home.journal().entries(1).unwrap().next().unwrap().unwrap();
    assert_eq!((first.kind, first.actor.as_str()), (EntryKind::HomeCreated, "Žofie"));
}

/// Every file and folder of a home, with what others than its owner may do with it.
fn open_to_others(root: &Path) -> Vec<(PathBuf, u32)> {
    let mut found = vec![(root.to_owned(), mode(root) & 0o077)];
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            found.push((path.clone(), mode(&path) & 0o077));
            if path.is_dir() {
                folders.push(path);
            }
        }
    }
    found.retain(|(_, others)| *others != 0);
    found
}

#[test]
fn a_new_home_is_its_owners_alone() {
    let (_folder, home) = new_home();
    home.bundles()
        .put(&[("a.yaml".to_owned(), b"a".to_vec())].into())
        .unwrap();
    home.lock_run("run", Duration::ZERO, stamp()).unwrap();
    assert_eq!(open_to_others(home.root()), []);
    assert!(!home.is_open_to_others().unwrap());
}

/// What is made in a folder is open to nobody to whom the folder is not, and no more closed than it.
#[test]
fn a_folder_that_a_group_shares_stays_shared() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o2775)).unwrap();
    let home = Home::open_or_create(folder.path(), &NEW, stamp()).unwrap();
    assert_eq!(mode(home.root()), 0o770);
    assert!(!home.is_open_to_others().unwrap());
    assert_eq!(mode(&home.root().join("keys")), 0o700);
    fs::set_permissions(home.root(), fs::Permissions::from_mode(0o755)).unwrap();
    assert!(home.is_open_to_others().unwrap());
}

#[test]
fn opening_twice_creates_once() {
    let (_folder, home) = new_home();
    let again = Home::open_or_create(home.root(), &NEW, stamp()).unwrap();
    assert_eq!((again.id(), again.journal().last_seq().unwrap()), (home.id(), 1));
}

#[test]
fn processes_that_create_the_same_home_at_once_agree() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("home");
    let children: Vec<_> = (0..4).map(|_| child("creates", &path, "")).collect();
    assert!(children.into_iter().all(|child| finish(child).success()));
    assert_eq!(Home::open(&path).unwrap().journal().last_seq().unwrap(), 1);
}

#[test]
#[ignore = "run by processes_that_create_the_same_home_at_once_agree in a process of its own"]
fn creates() {
    let Some((home, _)) = told() else { return };
    Home::open_or_create(&home, &NEW, stamp()).unwrap();
}

#[test]
fn a_creation_cut_short_is_completed() {
    let (_folder, whole) = new_home();
    let log = fs::read(whole.root().join("journal/log.ndjson")).unwrap();
    // What stands after each step of a creation, the later steps taken away again.
    let steps: [&dyn Fn(&Path); 6] = [
        &|home| fs::remove_file(home.join("home.json")).unwrap(),
        &|home| fs::write(home.join("journal/log.ndjson"), &log[..log.len() / 2]).unwrap(),
        &|home| fs::remove_file(home.join("journal/log.ndjson")).unwrap(),
        &|home| fs::remove_file(home.join("keys/content.key")).unwrap(),
        &|home| fs::remove_dir_all(home.join("journal")).unwrap(),
        &|home| {
            fs::remove_dir_all(home).unwrap();
            fs::create_dir(home).unwrap();
        },
    ];
    for n in 1..=steps.len() {
        let (_folder, home) = new_home();
        let (root, id) = (home.root().to_owned(), home.id().to_owned());
        steps[..n].iter().for_each(|step| step(&root));
        assert_eq!(
            Home::open(&root).unwrap_err().kind(),
            ErrorKind::NotFound,
            "not a home before it is whole"
        );
        let completed = Home::open_or_create(&root, &NEW, stamp()).unwrap();
        assert_eq!(completed.journal().last_seq().unwrap(), 1);
        assert_eq!(
            completed.id() == id,
            n == 1,
            "the id is the journal's once it is journalled"
        );
        let verification = completed.verify(|_, _| {}).unwrap();
        assert!(verification.is_sound(), "{n}: {:?}", verification.findings);
    }
}

#[test]
fn a_newer_home_is_refused_in_plain_words() {
    let (_folder, home) = new_home();
    fs::write(
        home.root().join("home.json"),
        r#"{"format": 2, "kept": {"elsewhere": true}}"#,
    )
    .unwrap();
    let error = Home::open(home.root()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Version);
    assert!(
        error
            .to_string()
            .starts_with("this home has format 2, made by a newer Lexhold"),
        "{error}"
    );
    let created = Home::open_or_create(home.root(), &NEW, stamp()).unwrap_err();
    assert_eq!(created.kind(), ErrorKind::Version, "and never created over");
    fs::write(home.root().join("home.json"), "{").unwrap();
    assert_eq!(Home::open(home.root()).unwrap_err().kind(), ErrorKind::Corrupt);
}

#[test]
fn what_is_no_home_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(
        Home::open(&folder.path().join("none")).unwrap_err().kind(),
        ErrorKind::NotFound
    );
    fs::write(folder.path().join("thesis.txt"), "mine").unwrap();
    for path in [folder.path().to_owned(), folder.path().join("thesis.txt")] {
        let error = Home::open_or_create(&path, &NEW, stamp()).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Refused | ErrorKind::Io), "{error}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o555)).unwrap();
    // Permissions do not bind the superuser; no one may create a folder in /sys.
    let superuser = fs::create_dir(folder.path().join("probe")).is_ok();
    let path = if superuser {
        Path::new("/sys/home").to_owned()
    } else {
        folder.path().join("home")
    };
    let error = Home::open_or_create(&path, &NEW, stamp()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert_eq!(
        error.to_string(),
        format!("cannot create the home (`{}`)", path.display())
    );
    assert!(std::error::Error::source(&error).is_some());
}

#[test]
fn a_lock_whose_file_was_removed_by_hand_is_held_nonetheless() {
    let (_folder, home) = new_home();
    let lock = home.lock_run("run in.ndjson", Duration::ZERO, stamp()).unwrap();
    fs::remove_file(home.root().join("locks/run.lock")).unwrap();
    assert!(
        home.run_holder().unwrap().is_some(),
        "somebody holds it, whoever that is"
    );
    let error = home.lock_run("run", Duration::from_millis(20), stamp()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy);
    assert!(home.run_holder().unwrap().is_some());
    drop(lock);
    home.lock_run("run", Duration::ZERO, stamp()).unwrap();
    assert!(home.run_holder().unwrap().is_none());
}

#[test]
fn the_run_lock_is_one_and_tells_who_has_it() {
    let (_folder, home) = new_home();
    assert_eq!(home.run_holder().unwrap(), None);
    let lock = home.lock_run("run in.ndjson", Duration::ZERO, stamp()).unwrap();
    let holder = home.run_holder().unwrap().unwrap();
    assert_eq!(
        (holder.process, holder.purpose.as_str(), holder.since),
        (std::process::id(), "run in.ndjson", AT)
    );
    let error = home.lock_run("run", Duration::from_millis(20), stamp()).unwrap_err();
    assert_eq!((error.kind(), error.holder()), (ErrorKind::Busy, Some(&holder)));
    assert!(error.to_string().contains("`run in.ndjson` as `Žofie`"), "{error}");
    assert!(
        !finish(child("locks", home.root(), "0")).success(),
        "another process neither"
    );
    let waiting = child("locks", home.root(), "20");
    std::thread::sleep(Duration::from_millis(100));
    drop(lock);
    assert!(finish(waiting).success(), "it waits until the lock is free");
    assert_eq!(home.run_holder().unwrap(), None);
}

#[test]
#[ignore = "run by the_run_lock_is_one_and_tells_who_has_it in a process of its own"]
fn locks() {
    let Some((home, seconds)) = told() else { return };
    let wait = Duration::from_secs(seconds.parse().unwrap());
    Home::open(&home).unwrap().lock_run("child", wait, stamp()).unwrap();
}

#[test]
fn the_lock_of_one_home_opens_no_other() {
    let ((_a, one), (_b, other)) = (new_home(), new_home());
    let lock = common::run_lock(&one);
    assert_eq!(other.recover(&lock, stamp()).unwrap_err().kind(), ErrorKind::Refused);
    assert!(other.rebuilt_catalog_path(&lock).is_err() && other.replace_catalog(&lock).is_err());
}

#[test]
fn sources_are_stored_under_the_digest_of_every_byte() {
    let (_folder, home) = new_home();
    let files = BTreeMap::from([
        ("policies/a.yaml".to_owned(), b"a".to_vec()),
        ("b.yaml".to_owned(), Vec::new()),
    ]);
    let digest = home.bundles().put(&files).unwrap();
    assert_eq!(home.bundles().put(&files).unwrap(), digest);
    assert_eq!(Sources::digest(&files), digest);
    assert_eq!(home.bundles().get(&digest).unwrap(), files);
    assert_eq!(home.facts().get(&digest).unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(
        home.bundles().get(&Digest::of(b"")).unwrap_err().kind(),
        ErrorKind::NotFound
    );
    for path in ["../x", "/x", "", "a//b", "a/./b", "a/"] {
        let files = BTreeMap::from([(path.to_owned(), Vec::new())]);
        assert_eq!(
            home.bundles().put(&files).unwrap_err().kind(),
            ErrorKind::Refused,
            "{path}"
        );
    }
    let folder = home.root().join("bundles").join(digest.to_string());
    fs::write(folder.join("c.yaml"), "").unwrap();
    assert_eq!(home.bundles().get(&digest).unwrap_err().kind(), ErrorKind::Corrupt);
}

#[test]
fn progress_is_replaced_whole() {
    let (_folder, home) = new_home();
    assert_eq!(home.progress().unwrap(), None);
    let progress = Progress {
        run: "r".into(),
        messages: 7,
        total_bytes: Some(9),
        ..Progress::default()
    };
    for messages in [1, 7] {
        home.write_progress(&Progress {
            messages,
            ..progress.clone()
        })
        .unwrap();
    }
    assert_eq!(home.progress().unwrap(), Some(progress));
    fs::write(home.root().join("progress.json"), "{").unwrap();
    assert_eq!(home.progress().unwrap(), None, "advice that cannot be read is none");
}
