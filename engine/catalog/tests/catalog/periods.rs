//! DuckDB's own arithmetic of dates as a second opinion on that of the schedules. Every difference is known by name, and
//! their numbers are written down.

use duckdb::Connection;
use jiff::civil::Date;
use lexhold_retention::{Assigned, Clocks, Outcome, Schedule, Schedules, Triggers};

/// The last day of a duty to keep that counts from a fixed day; none where it has no end.
fn last(from: &str, period: &str, more: &str) -> Option<String> {
    let spec = format!(
        concat!(
            r#"{{"id":"x.x","document":"x","version":"1.0.0","digest":"{}","name":"x","title":"x","zone":"UTC","#,
            r#""mode":"compliance","tier":"organisation","#,
            r#""retain":{{"for":"{}","from":{{"date":"{}"}}{}}}}}"#
        ),
        "0".repeat(64),
        period,
        from,
        more
    );
    let schedules = Schedules::new(vec![Schedule::from_spec(&spec).unwrap()]);
    let days = schedules.days(&Triggers {
        sent: None,
        captured: jiff::Timestamp::UNIX_EPOCH,
        suspect: false,
    });
    let assigned = [Assigned {
        schedule: 0,
        outcome: Outcome::Assigned,
        since: None,
    }];
    let resolved = schedules.resolve_dates(&assigned, &Clocks::of(&days));
    let text = resolved.retain_until.limit.day_text();
    (text != "infinity").then_some(text)
}

const LAST_DAY: &str = r#","month_end":"last_day""#;
const NEXT_DAY: &str = r#","month_end":"next_day""#;

/// Anchors around the ends of months, with months and days that are added to them, and what DuckDB makes of it.
fn opinions(connection: &Connection) -> Vec<(String, i64, i64, String)> {
    let sql = "
        SELECT anchor::VARCHAR, m, d, CAST(anchor + to_months(m::INTEGER) + to_days(d::INTEGER) AS DATE)::VARCHAR
        FROM (SELECT unnest(generate_series(DATE '2019-12-25', DATE '2020-03-05', INTERVAL 1 DAY))::DATE AS anchor
              UNION ALL SELECT unnest([DATE '2023-08-31', DATE '2021-04-30', DATE '2024-10-31', DATE '1999-12-31'])),
             (SELECT unnest([1, 2, 6, 11, 12, 13, 24, 36, 37, 48, 72, 84, 120]) AS m),
             (SELECT unnest([0, 1, 30, 366]) AS d)
        ORDER BY ALL";
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .unwrap();
    rows.map(Result::unwrap).collect()
}

#[test]
fn duckdb_adds_months_and_days_alike_where_a_month_ends_on_its_last_day() {
    let connection = Connection::open_in_memory().unwrap();
    let opinions = opinions(&connection);
    assert_eq!(opinions.len(), 76 * 13 * 4);
    let (mut clamped, mut otherwise) = (0, 0);
    for (anchor, m, d, theirs) in opinions {
        let period = format!("P{m}M{d}D");
        assert_eq!(
            last(&anchor, &period, LAST_DAY).as_ref(),
            Some(&theirs),
            "{anchor} + {period}"
        );
        // Where the month lacks the day, `next_day` ends on the first of the next month: a day later than DuckDB, which
        // knows no such reading.
        let ours: Date = last(&anchor, &period, NEXT_DAY).unwrap().parse().unwrap();
        let theirs: Date = theirs.parse().unwrap();
        let anchor: Date = anchor.parse().unwrap();
        let month = i64::from(anchor.month()) - 1 + m;
        let year = anchor.year() + i16::try_from(month.div_euclid(12)).unwrap();
        let lacks = Date::new(year, i8::try_from(month.rem_euclid(12) + 1).unwrap(), anchor.day()).is_err();
        if lacks {
            clamped += 1;
            assert_eq!(ours, theirs.tomorrow().unwrap(), "{anchor} + {period}");
        } else {
            otherwise += 1;
            assert_eq!(ours, theirs, "{anchor} + {period}");
        }
    }
    assert_eq!((clamped, otherwise), CLAMPED);
}

/// How many of the periods above end in a month that lacks the day, and how many do not.
const CLAMPED: (usize, usize) = (120, 3832);

#[test]
fn duckdb_ends_months_quarters_and_years_on_the_same_days() {
    let connection = Connection::open_in_memory().unwrap();
    let sql = "
        SELECT day::VARCHAR, last_day(day)::VARCHAR,
               CAST(date_trunc('quarter', day) + INTERVAL 3 MONTH - INTERVAL 1 DAY AS DATE)::VARCHAR,
               make_date(year(day), 12, 31)::VARCHAR
        FROM (SELECT unnest(generate_series(DATE '2023-11-20', DATE '2024-12-31', INTERVAL 3 DAY))::DATE AS day)";
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement
        .query_map([], |row| {
            let ends: [String; 3] = [row.get(1)?, row.get(2)?, row.get(3)?];
            Ok((row.get::<_, String>(0)?, ends))
        })
        .unwrap();
    let mut n = 0;
    for row in rows {
        let (day, ends) = row.unwrap();
        for (cutoff, end) in ["month", "quarter", "year"].iter().zip(ends) {
            let more = format!(r#"{LAST_DAY},"cutoff":"{cutoff}""#);
            let after: Date = last(&day, "P1D", &more).unwrap().parse().unwrap();
            assert_eq!(after.yesterday().unwrap().to_string(), end, "{cutoff} of {day}");
            n += 1;
        }
    }
    assert_eq!(n, 136 * 3);
}

#[test]
fn duckdb_differs_as_known() {
    let connection = Connection::open_in_memory().unwrap();
    let ask = |sql: &str| -> String { connection.query_row(sql, [], |row| row.get(0)).unwrap() };
    // A date and an interval make an instant, not a date.
    assert_eq!(ask("SELECT typeof(DATE '2024-01-31' + INTERVAL 1 MONTH)"), "TIMESTAMP");
    // Months that are added one by one forget the day they began on; a period counts from the anchor in one step.
    assert_eq!(
        ask("SELECT CAST(DATE '2024-01-31' + INTERVAL 1 MONTH + INTERVAL 1 MONTH AS DATE)::VARCHAR"),
        "2024-03-29"
    );
    assert_eq!(last("2024-01-31", "P2M", LAST_DAY).as_deref(), Some("2024-03-31"));
    // DuckDB's calendar goes on where that of the schedules ends, which keeps for ever.
    assert_eq!(
        ask("SELECT CAST(DATE '9999-06-01' + INTERVAL 1 YEAR AS DATE)::VARCHAR"),
        "10000-06-01"
    );
    assert_eq!(last("9999-06-01", "P1Y", LAST_DAY), None);
    // An unknown date drops out of DuckDB's latest, while infinity stays.
    assert_eq!(ask("SELECT greatest(NULL, DATE '2024-01-31')::VARCHAR"), "2024-01-31");
    assert_eq!(
        ask("SELECT greatest('infinity'::DATE, DATE '2024-01-31')::VARCHAR"),
        "infinity"
    );
}
