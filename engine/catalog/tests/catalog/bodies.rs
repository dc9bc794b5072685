//! No body reaches the catalog, its log or its temporary files, even where an evaluation file holds one by mistake.

use std::path::Path;

use lexhold_model::tables::Table;

use crate::fixture::{Home, Mail, batch, batch_entry, beginning, day, project_all, with_column};

const CANARY: &str = "canary-7f3a-px-on-the-10y";

#[test]
fn a_body_stays_out_of_the_catalog() {
    let mut home = Home::new();
    let rows: Vec<_> = (0..3)
        .map(|at| Mail::new("slack/C1/1", "alice@example.com", day(at)).row())
        .collect();
    let file = home.parquet(&with_column(&batch(Table::Message, &rows), "text", CANARY));
    std::fs::create_dir(home.path("catalog")).unwrap();
    let mut writer = home.writer("catalog/c");
    project_all(&mut writer, &beginning());
    batch_entry(4, 3, true, vec![(Table::Message, file)])
        .project(&mut writer)
        .unwrap();
    drop(writer);
    assert!(home.path("catalog/c.wal").exists());
    look_for_bodies(&home);
    home.writer("catalog/c").close().unwrap();
    look_for_bodies(&home);
}

fn look_for_bodies(home: &Home) {
    let mut n_files = 0;
    let mut handle_found = false;
    for folder in ["catalog", "temp"] {
        for file in files(&home.path(folder)) {
            let bytes = std::fs::read(&file).unwrap();
            assert!(!holds(&bytes, CANARY), "{} holds a body", file.display());
            handle_found |= holds(&bytes, "alice@example.com");
            n_files += 1;
        }
    }
    assert!(n_files > 0);
    assert!(handle_found, "a handle is found, so a body would be");
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .collect()
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}
