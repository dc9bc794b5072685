//! Results of a query as Arrow batches, and single values out of them.

use arrow::array::{Array, BooleanArray, Decimal128Array, Int32Array, Int64Array, ListArray, RecordBatch, StringArray};
use duckdb::Connection;
use lexhold_model::Key;

use crate::error::{CatalogError, Doing, ErrorKind, Result};

/// Hands the batches of a query over one by one, as DuckDB produces them.
pub(crate) fn stream<E: From<CatalogError>>(
    connection: &Connection,
    sql: &str,
    doing: &str,
    mut each: impl FnMut(&RecordBatch) -> Result<(), E>,
) -> Result<(), E> {
    let mut statement = connection.prepare(sql).doing(doing)?;
    // The iterator would panic where `step` reports that the disk is full.
    let _ = statement.stream_arrow([]).doing(doing)?;
    while let Some(chunk) = statement.step().doing(doing)? {
        each(&RecordBatch::from(&chunk))?;
    }
    Ok(())
}

/// Hands the rows of a query over one by one.
pub(crate) fn each_row<E: From<CatalogError>>(
    connection: &Connection,
    sql: &str,
    doing: &str,
    mut each: impl FnMut(Row<'_>) -> Result<(), E>,
) -> Result<(), E> {
    stream(connection, sql, doing, |batch| {
        (0..batch.num_rows()).try_for_each(|at| each(Row { batch, at }))
    })
}

/// The rows of a query whose result is small.
pub(crate) fn collect<T>(
    connection: &Connection,
    sql: &str,
    doing: &str,
    mut make: impl FnMut(Row<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let mut rows = Vec::new();
    each_row::<CatalogError>(connection, sql, doing, |row| {
        rows.push(make(row)?);
        Ok(())
    })?;
    Ok(rows)
}

/// A key as DuckDB takes it for a column of keys.
pub(crate) fn decimal(key: Key) -> String {
    key.as_i128().to_string()
}

/// A key as SQL.
pub(crate) fn sql_key(key: Key) -> String {
    format!("{}::DECIMAL(38,0)", key.as_i128())
}

/// A text as SQL.
pub(crate) fn sql_text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// One row of a result, its columns by position.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    batch: &'a RecordBatch,
    at: usize,
}

impl<'a> Row<'a> {
    fn column<A: Array + 'static>(self, column: usize) -> Result<&'a A> {
        let found = self
            .batch
            .columns()
            .get(column)
            .and_then(|array| array.as_any().downcast_ref::<A>());
        found.ok_or_else(|| CatalogError::new(ErrorKind::Statement, format!("reading column {column} of a result")))
    }

    fn or_null<A: Array + 'static, T>(self, column: usize, value: impl FnOnce(&'a A) -> T) -> Result<Option<T>> {
        let array = self.column::<A>(column)?;
        Ok(array.is_valid(self.at).then(|| value(array)))
    }

    fn present<T>(value: Option<T>, column: usize) -> Result<T> {
        value.ok_or_else(|| CatalogError::new(ErrorKind::Statement, format!("finding a null in column {column}")))
    }

    pub(crate) fn text_or_null(self, column: usize) -> Result<Option<&'a str>> {
        self.or_null::<StringArray, _>(column, |array| array.value(self.at))
    }

    pub(crate) fn text(self, column: usize) -> Result<&'a str> {
        Self::present(self.text_or_null(column)?, column)
    }

    pub(crate) fn owned(self, column: usize) -> Result<String> {
        self.text(column).map(str::to_owned)
    }

    pub(crate) fn owned_or_null(self, column: usize) -> Result<Option<String>> {
        Ok(self.text_or_null(column)?.map(str::to_owned))
    }

    pub(crate) fn number_or_null(self, column: usize) -> Result<Option<i64>> {
        self.or_null::<Int64Array, _>(column, |array| array.value(self.at))
    }

    pub(crate) fn number(self, column: usize) -> Result<i64> {
        Self::present(self.number_or_null(column)?, column)
    }

    pub(crate) fn count(self, column: usize) -> Result<u64> {
        Ok(self.number(column)?.unsigned_abs())
    }

    pub(crate) fn int(self, column: usize) -> Result<i32> {
        Self::present(
            self.or_null::<Int32Array, _>(column, |array| array.value(self.at))?,
            column,
        )
    }

    pub(crate) fn no_or_null(self, column: usize) -> Result<Option<u32>> {
        self.or_null::<Int32Array, _>(column, |array| array.value(self.at).cast_unsigned())
    }

    pub(crate) fn no(self, column: usize) -> Result<u32> {
        Self::present(self.no_or_null(column)?, column)
    }

    pub(crate) fn flag_or_null(self, column: usize) -> Result<Option<bool>> {
        self.or_null::<BooleanArray, _>(column, |array| array.value(self.at))
    }

    pub(crate) fn flag(self, column: usize) -> Result<bool> {
        Self::present(self.flag_or_null(column)?, column)
    }

    pub(crate) fn key_or_null(self, column: usize) -> Result<Option<Key>> {
        let number = self.or_null::<Decimal128Array, _>(column, |array| array.value(self.at))?;
        number
            .map(|number| Self::present(Key::from_i128(number), column))
            .transpose()
    }

    pub(crate) fn key(self, column: usize) -> Result<Key> {
        Self::present(self.key_or_null(column)?, column)
    }

    pub(crate) fn texts(self, column: usize) -> Result<Vec<String>> {
        let Some(list) = self.or_null::<ListArray, _>(column, |array| array.value(self.at))? else {
            return Ok(Vec::new());
        };
        let items = Self::present(list.as_any().downcast_ref::<StringArray>(), column)?;
        Ok(items.iter().flatten().map(str::to_owned).collect())
    }

    pub(crate) fn keys(self, column: usize) -> Result<Vec<Key>> {
        let Some(list) = self.or_null::<ListArray, _>(column, |array| array.value(self.at))? else {
            return Ok(Vec::new());
        };
        let items = Self::present(list.as_any().downcast_ref::<Decimal128Array>(), column)?;
        items
            .iter()
            .flatten()
            .map(|number| Self::present(Key::from_i128(number), column))
            .collect()
    }
}
