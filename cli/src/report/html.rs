pub const ALERTS_SHOWN: usize = 200;
pub struct About { pub home: String, pub as_of: String, pub engine: String, pub solo: bool, pub see_silent: bool }
pub struct PageData;
pub fn gather(_c: &lexhold_catalog::Catalog, _a: About, _s: std::collections::BTreeMap<&'static str, u64>, _r: Vec<super::table::Row>) -> anyhow::Result<PageData> { Ok(PageData) }
pub fn page(_d: &PageData) -> anyhow::Result<String> { Ok(String::new()) }
