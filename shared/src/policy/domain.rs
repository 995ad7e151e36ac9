//! What an expression leaves possible: its alternatives, each a set of limits on single variables.

use std::collections::{BTreeMap, BTreeSet};

use cel::{
    IdedExpr,
    common::ast::{Expr, LiteralValue, operators},
};

use super::{
    inspect::{text, variable},
    variables::{self, Kind, LEVELS},
};

/// Alternatives at most; an expression with more is not reasoned about.
const MAX_ALTERNATIVES: usize = 64;

/// Conditions that all hold.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Conjunction {
    limits: BTreeMap<String, Domain>,
    /// What is not a limit on a single variable, word for word.
    other: BTreeSet<String>,
}

/// The values that a variable may have.
#[derive(Debug, Clone, PartialEq)]
enum Domain {
    /// From, whether that itself is left out, to, and whether that is.
    Numbers { from: f64, above: bool, to: f64, below: bool },
    /// One of these.
    Texts(BTreeSet<String>),
    /// None of these.
    NotTexts(BTreeSet<String>),
    /// This one.
    Truth(bool),
    /// Nothing.
    Nothing,
}

/// The alternatives of an expression, or of its opposite; none if it can never be true, `None` if there are too many.
pub(super) fn alternatives(node: &IdedExpr, opposite: bool) -> Option<Vec<Conjunction>> {
    let Expr::Call(call) = &node.expr else { return Some(atom(node, opposite)) };
    let found = match (call.func_name.as_str(), call.args.as_slice(), opposite) {
        (operators::LOGICAL_NOT, [inner], _) => return alternatives(inner, !opposite),
        (operators::LOGICAL_AND, [a, b], false) | (operators::LOGICAL_OR, [a, b], true) => {
            let (left, right) = (alternatives(a, opposite)?, alternatives(b, opposite)?);
            left.iter().flat_map(|a| right.iter().filter_map(|b| a.and(b))).collect()
        }
        (operators::LOGICAL_OR, [a, b], false) | (operators::LOGICAL_AND, [a, b], true) => {
            [alternatives(a, opposite)?, alternatives(b, opposite)?].concat()
        }
        _ => atom(node, opposite),
    };
    (found.len() <= MAX_ALTERNATIVES).then_some(found)
}

impl Conjunction {
    /// Both, unless they contradict each other.
    fn and(&self, other: &Self) -> Option<Self> {
        let mut both = self.clone();
        both.other.extend(other.other.iter().cloned());
        for (name, domain) in &other.limits {
            let limit = both.limits.entry(name.clone()).or_insert_with(|| domain.clone());
            *limit = limit.and(domain);
            if *limit == Domain::Nothing {
                return None;
            }
        }
        Some(both)
    }

    /// Whether it holds wherever `narrow` holds.
    pub(super) fn covers(&self, narrow: &Self) -> bool {
        self.other.is_subset(&narrow.other)
            && self
                .limits
                .iter()
                .all(|(name, wide)| narrow.limits.get(name).is_some_and(|domain| wide.and(domain) == *domain))
    }

    /// Whether it holds for every ticket.
    pub(super) fn is_always(&self) -> bool {
        self.other.is_empty() && self.limits.iter().all(|(name, domain)| *domain == whole(name))
    }
}

impl Domain {
    fn and(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Numbers { .. }, Self::Numbers { .. }) => self.between(other),
            (Self::Truth(a), Self::Truth(b)) if a == b => self.clone(),
            (Self::Texts(a), Self::Texts(b)) => texts(a.intersection(b).cloned().collect()),
            (Self::Texts(a), Self::NotTexts(b)) | (Self::NotTexts(b), Self::Texts(a)) => {
                texts(a.difference(b).cloned().collect())
            }
            (Self::NotTexts(a), Self::NotTexts(b)) => Self::NotTexts(a.union(b).cloned().collect()),
            _ => Self::Nothing,
        }
    }

    fn between(&self, other: &Self) -> Self {
        let (
            Self::Numbers { from: a, above: x, to: b, below: y },
            Self::Numbers { from: c, above: z, to: d, below: w },
        ) = (self, other)
        else {
            return Self::Nothing;
        };
        let (from, above) = if a == c {
            (*a, *x || *z)
        } else if a > c {
            (*a, *x)
        } else {
            (*c, *z)
        };
        let (to, below) = if b == d {
            (*b, *y || *w)
        } else if b < d {
            (*b, *y)
        } else {
            (*d, *w)
        };
        let is_empty = from > to || (from == to && (above || below));
        if is_empty { Self::Nothing } else { Self::Numbers { from, above, to, below } }
    }
}

fn texts(texts: BTreeSet<String>) -> Domain {
    if texts.is_empty() { Domain::Nothing } else { Domain::Texts(texts) }
}

/// What a variable may be at all.
fn whole(name: &str) -> Domain {
    let numbers = |from, to| Domain::Numbers { from, above: false, to, below: false };
    match (name, variables::named(name).map(|variable| variable.kind)) {
        ("priority", _) => numbers(0.0, 3.0),
        ("sentiment", _) => numbers(0.0, 4.0),
        ("mood" | "similarity", _) => numbers(-1.0, 1.0),
        (_, Some(Kind::Share)) => numbers(0.0, 1.0),
        (_, Some(Kind::Level | Kind::Figure)) => numbers(0.0, f64::INFINITY),
        _ => Domain::NotTexts(BTreeSet::new()),
    }
}

/// What is neither `&&`, `||` nor `!`: a limit on a variable, or something else. None if it can never be true.
fn atom(node: &IdedExpr, opposite: bool) -> Vec<Conjunction> {
    let mut conjunction = Conjunction::default();
    match limit(node, opposite) {
        Some((name, domain)) => {
            let domain = if let Domain::Truth(_) = domain { domain } else { whole(&name).and(&domain) };
            if domain == Domain::Nothing {
                return Vec::new();
            }
            conjunction.limits.insert(name, domain);
        }
        None => drop(conjunction.other.insert(format!("{opposite} {}", written(node)))),
    }
    vec![conjunction]
}

/// An expression without the numbers that tell its nodes apart.
fn written(node: &IdedExpr) -> String {
    let text = format!("{:?}", node.expr);
    let mut parts = text.split("id: ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.trim_start_matches(|c: char| c.is_ascii_digit()))
}

fn limit(node: &IdedExpr, opposite: bool) -> Option<(String, Domain)> {
    if let Some(name) = variable(node) {
        let is_truth = variables::named(&name)?.kind == Kind::Truth;
        return is_truth.then_some((name, Domain::Truth(!opposite)));
    }
    let Expr::Call(call) = &node.expr else { return None };
    let [left, right] = call.args.as_slice() else { return None };
    let operator = call.func_name.as_str();
    if operator == operators::IN {
        let Expr::List(list) = &right.expr else { return None };
        let named: Option<BTreeSet<String>> =
            list.elements.iter().map(|it| text(it).map(str::to_owned)).collect();
        return Some((of_texts(left)?, chosen(named?, opposite)));
    }
    let (name, operator, value) = match (asked(left), asked(right)) {
        (Some(name), None) => (name, operator, right),
        (None, Some(name)) => (name, turned(operator), left),
        _ => return None,
    };
    if let Some(text) = text(value) {
        let only = BTreeSet::from([text.to_owned()]);
        return match operator {
            operators::EQUALS => Some((name, chosen(only, opposite))),
            operators::NOT_EQUALS => Some((name, chosen(only, !opposite))),
            _ => None,
        };
    }
    Some((name, numbers(operator, number(value)?, opposite)?))
}

/// A variable that is no level's name.
fn asked(node: &IdedExpr) -> Option<String> {
    variable(node).filter(|name| variables::named(name).is_some())
}

fn of_texts(node: &IdedExpr) -> Option<String> {
    asked(node).filter(|name| variables::named(name).is_some_and(|it| it.kind == Kind::Text))
}

fn chosen(named: BTreeSet<String>, opposite: bool) -> Domain {
    if opposite { Domain::NotTexts(named) } else { texts(named) }
}

fn number(node: &IdedExpr) -> Option<f64> {
    match &node.expr {
        Expr::Literal(LiteralValue::Double(figure)) => Some(*figure.inner()),
        Expr::Literal(LiteralValue::Int(figure)) => Some(*figure.inner() as f64),
        Expr::Ident(name) => LEVELS.iter().find(|(known, _)| known == name).map(|(_, level)| *level as f64),
        _ => None,
    }
}

/// `0.5 > x` is `x < 0.5`.
fn turned(operator: &str) -> &str {
    match operator {
        operators::LESS => operators::GREATER,
        operators::LESS_EQUALS => operators::GREATER_EQUALS,
        operators::GREATER => operators::LESS,
        operators::GREATER_EQUALS => operators::LESS_EQUALS,
        other => other,
    }
}

fn numbers(operator: &str, value: f64, opposite: bool) -> Option<Domain> {
    let (from, above, to, below) = match (operator, opposite) {
        (operators::LESS, false) | (operators::GREATER_EQUALS, true) => {
            (f64::NEG_INFINITY, false, value, true)
        }
        (operators::LESS_EQUALS, false) | (operators::GREATER, true) => {
            (f64::NEG_INFINITY, false, value, false)
        }
        (operators::GREATER, false) | (operators::LESS_EQUALS, true) => (value, true, f64::INFINITY, false),
        (operators::GREATER_EQUALS, false) | (operators::LESS, true) => (value, false, f64::INFINITY, false),
        (operators::EQUALS, false) | (operators::NOT_EQUALS, true) => (value, false, value, false),
        _ => return None,
    };
    Some(Domain::Numbers { from, above, to, below })
}
