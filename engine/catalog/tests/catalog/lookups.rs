//! Which messages the catalog has.

use lexhold_model::tables::Table;

use crate::fixture::{Home, Mail, batch_entry, beginning, day, key, project_all};

#[test]
fn known_messages_are_found_and_others_are_not() {
    let mut home = Home::new();
    let mut writer = home.writer("c");
    project_all(&mut writer, &beginning());
    let edit = Mail {
        version: 1,
        ..Mail::new("slack/C1/1", "alice", day(3))
    };
    let rows = [Mail::new("slack/C1/1", "alice", day(2)).row(), edit.row()];
    let file = home.file(Table::Message, &rows);
    batch_entry(4, 2, true, vec![file]).project(&mut writer).unwrap();
    drop(writer);

    let catalog = home.reader("c");
    let (original, edit) = (key("slack/C1/1"), key("slack/C1/1#1"));
    for _ in 0..2 {
        let known = catalog.known(&[original, key("unheard of"), edit]).unwrap();
        assert_eq!(known.len(), 2);
        assert_eq!(known[&original].content_hash, key("content of slack/C1/1 original"));
        assert_eq!((known[&edit].family, known[&edit].version), (original, 1));
        assert_eq!(known[&edit].version_kind, "edit");
    }
    assert!(catalog.known(&[]).unwrap().is_empty());

    let filter = catalog.key_filter().unwrap();
    assert!(filter.may_hold(original) && filter.may_hold(edit));
    assert!(!filter.may_hold(key("unheard of")));
}

#[test]
fn the_filter_denies_nothing_it_was_given_and_nearly_everything_else() {
    let home = Home::new();
    let mut filter = home.writer("c").key_filter().unwrap();
    let many = 300_000; // several times what it starts with
    for number in 0..many {
        filter.insert(key(&number.to_string()));
    }
    assert!((0..many).all(|number| filter.may_hold(key(&number.to_string()))));
    let wrongly = (many..3 * many)
        .filter(|number| filter.may_hold(key(&number.to_string())))
        .count();
    assert!(wrongly <= 2, "{wrongly} of {} were not denied", 2 * many);
}
