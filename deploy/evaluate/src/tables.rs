//! Figures as Markdown tables.

use serde_json::Value;

/// A row for every key of `figures`, a cell for every column's key; a cell that is missing is a dash.
pub(crate) fn of(head: &str, figures: &Value, columns: &[(&str, &str)]) -> String {
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let rows = figures.as_object().into_iter().flatten();
    let rows = rows.map(|(key, row)| {
        let cells = columns.iter().map(|(_, path)| cell(row.pointer(path).unwrap_or(&Value::Null)));
        std::iter::once(key.replace('_', " ")).chain(cells).collect()
    });
    table(&std::iter::once(head).chain(names).collect::<Vec<_>>(), rows)
}

/// A table of these rows.
pub(crate) fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let head: Vec<String> = head.iter().map(|&cell| cell.to_owned()).collect();
    let rule = format!("|{}\n", "---|".repeat(head.len()));
    rows.into_iter().fold(line(&head) + &rule, |all, row| all + &line(&row))
}

/// A figure with four places; nothing as a dash.
pub(crate) fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::Number(number) if number.is_f64() => format!("{:.4}", number.as_f64().unwrap_or(0.0)),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn what_is_not_known_is_a_dash() {
        let figures = json!({ "a_set": { "texts": 3, "share": 0.5 } });
        let made =
            super::of("set", &figures, &[("texts", "/texts"), ("share", "/share"), ("other", "/other")]);
        assert_eq!(made, "| set | texts | share | other |\n|---|---|---|---|\n| a set | 3 | 0.5000 | - |\n");
    }
}
