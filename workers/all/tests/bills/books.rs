//! The provider's books and ours, side by side.

use std::collections::{BTreeMap, BTreeSet};

use standins::Bill;

use crate::stage::Stage;

/// What both say.
pub struct Books {
    /// Requests that left, by our ledger.
    pub requests: i64,
    /// Answers that were billed, by our ledger.
    pub billed: i64,
    /// Requests of which our ledger says that they may have been billed.
    pub ambiguous: i64,
    repeated: i64,
    provider: Vec<Bill>,
    /// Bills of which our ledger has no answer.
    pub extra: Vec<Extra>,
}

/// A bill without an answer here.
#[derive(Debug, PartialEq)]
pub struct Extra {
    pub request: String,
    pub digest: String,
    /// Whether its call says so.
    pub flagged: bool,
}

/// Tokens read, written, read from and written to the cache.
type Tokens = [i64; 4];

impl Books {
    /// Compares the two: each answer of ours must be a bill of theirs, to the token.
    pub fn open(stage: &Stage) -> Self {
        let view = &stage.rows(
            "SELECT coalesce(sum(requests), 0)::bigint, coalesce(sum(billed), 0)::bigint, \
             coalesce(sum(ambiguous), 0)::bigint, coalesce(sum(repeated), 0)::bigint FROM bills",
        )[0];
        let provider = stage.provider.ledger().bills;
        let mut theirs: BTreeMap<&str, &Bill> =
            provider.iter().map(|bill| (bill.request_id.as_str(), bill)).collect();
        let ours = stage.rows(
            "SELECT request_id, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, nanodollars, \
             prompt FROM charges JOIN calls USING (call_key)",
        );
        for row in &ours {
            let request: String = row.get(0);
            let bill = theirs.remove(request.as_str());
            let bill = bill.unwrap_or_else(|| panic!("{request} is in our ledger twice, or not a bill"));
            let tokens: Tokens = [row.get(1), row.get(2), row.get(3), row.get(4)];
            assert_eq!(tokens, tokens_of(bill), "{request}: other tokens");
            let nano = (bill.dollars * 1e9).round() as i64;
            assert!((row.get::<_, i64>(5) - nano).abs() <= 1, "{request}: another price: {bill:?}");
            assert_eq!(row.get::<_, String>(6), bill.digest, "{request}: another request's answer");
        }
        let mut in_doubt = in_doubt(stage);
        let extra = theirs.values().map(|bill| extra(bill, &mut in_doubt)).collect();
        Self {
            requests: view.get(0),
            billed: view.get(1),
            ambiguous: view.get(2),
            repeated: view.get(3),
            extra,
            provider,
        }
    }

    pub fn print(&self, when: &str) {
        println!(
            "{when}: requests {}, billed {} (the provider: {}), ambiguous {}, asked again {}, billed and never heard {}",
            self.requests,
            self.billed,
            self.provider.len(),
            self.ambiguous,
            self.repeated,
            self.extra.len()
        );
    }

    /// What is spent is what was billed, nothing is held, and what is in doubt is no less than what it was billed.
    pub fn add_up(&self, stage: &Stage) {
        let budget = &stage.rows(
            "SELECT sum(spent)::bigint, sum(held)::bigint, sum(doubtful)::bigint, \
             (SELECT sum(nanodollars)::bigint FROM charges), (SELECT sum(doubt)::bigint FROM calls) FROM budgets",
        )[0];
        let (spent, held, doubtful): (i64, i64, i64) = (budget.get(0), budget.get(1), budget.get(2));
        let (charged, doubt): (i64, i64) = (budget.get(3), budget.get(4));
        assert_eq!((spent, held, doubtful), (charged, 0, doubt), "spent, held, in doubt");
        let unheard: BTreeSet<&str> = self.extra.iter().map(|extra| extra.request.as_str()).collect();
        let unheard = self.provider.iter().filter(|bill| unheard.contains(bill.request_id.as_str()));
        let unheard = unheard.map(|bill| (bill.dollars * 1e9).round() as i64).sum::<i64>();
        assert!(
            unheard <= doubtful,
            "{unheard} billionths of a dollar were billed unheard, {doubtful} in doubt"
        );
        let theirs: Tokens = self.provider.iter().map(tokens_of).fold([0; 4], sum);
        println!("         the provider's tokens {theirs:?}, our dollars {:.6}", spent as f64 / 1e9);
    }
}

fn tokens_of(bill: &Bill) -> Tokens {
    [bill.input_tokens, bill.output_tokens, bill.cache_read_tokens, bill.cache_write_tokens]
        .map(|count| i64::try_from(count).unwrap())
}

fn sum(a: Tokens, b: Tokens) -> Tokens {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3]]
}

/// By the digest of the request: how many of it are in doubt.
fn in_doubt(stage: &Stage) -> BTreeMap<String, i64> {
    let rows = stage.rows(
        "SELECT prompt, sum(sends - refusals - charges)::bigint FROM calls GROUP BY prompt \
         HAVING sum(sends - refusals - charges) > 0",
    );
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

/// Each doubt explains one bill.
fn extra(bill: &Bill, in_doubt: &mut BTreeMap<String, i64>) -> Extra {
    let left = in_doubt.get_mut(&bill.digest).filter(|left| **left > 0);
    let flagged = left.map(|left| *left -= 1).is_some();
    Extra { request: bill.request_id.clone(), digest: bill.digest.clone(), flagged }
}
