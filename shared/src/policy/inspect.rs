//! Looks through an expression's tree: names that nobody knows, types that do not fit, loops within loops.

use std::sync::Arc;

use cel::{
    Context, ExecutionError, IdedExpr, Value,
    common::{
        ast::{CallExpr, Expr, LiteralValue, operators},
        types::Kind,
    },
};
use regex::Regex;

use super::{
    expression,
    variables::{self, Sample},
};

/// Functions and methods that an expression may call, besides the operators.
const FUNCTIONS: [&str; 9] = [
    "size",
    "contains",
    "startsWith",
    "endsWith",
    "matches",
    "int",
    "double",
    "string",
    "@not_strictly_false",
];

/// Everything wrong with an expression that can be known without a ticket.
pub(super) fn problems(
    tree: &IdedExpr,
    patterns: &Arc<std::collections::BTreeMap<String, Regex>>,
) -> Vec<String> {
    let mut found = Vec::new();
    names(tree, &mut Vec::new(), &mut found);
    if !found.is_empty() {
        return found;
    }
    let asked = texts(tree);
    let sample = Sample(&asked);
    let context = expression::context(&sample, patterns);
    types(tree, &context, &mut found);
    let whole = Value::resolve_val(tree, &context);
    if found.is_empty() && whole.is_ok_and(|value| value.get_type().kind() != Kind::Boolean) {
        found.push("is neither true nor false".to_owned());
    }
    found
}

/// The variables asked for, `ticket.text` as one.
pub(super) fn variables(tree: &IdedExpr) -> Vec<String> {
    let mut names = Vec::new();
    walk(tree, &mut |node| {
        if let Some(name) = variable(node) {
            names.push(name);
        }
    });
    names
}

/// The pattern of each `matches`, if it is a text in quotes.
pub(super) fn patterns(tree: &IdedExpr) -> Vec<Option<&str>> {
    let mut found = Vec::new();
    walk(tree, &mut |node| {
        if let Expr::Call(call) = &node.expr
            && call.func_name == "matches"
        {
            found.push(call.args.last().and_then(text));
        }
    });
    found
}

/// Variables that are compared with a text, each with that text.
pub(super) fn compared(tree: &IdedExpr) -> Vec<(String, String)> {
    let mut found = Vec::new();
    walk(tree, &mut |node| {
        let Expr::Call(call) = &node.expr else { return };
        let [left, right] = call.args.as_slice() else { return };
        let mut pair = |name: &IdedExpr, value: &IdedExpr| {
            if let (Some(name), Some(text)) = (variable(name), text(value)) {
                found.push((name, text.to_owned()));
            }
        };
        match (call.func_name.as_str(), &right.expr) {
            (operators::EQUALS | operators::NOT_EQUALS, _) => {
                pair(left, right);
                pair(right, left);
            }
            (operators::IN, Expr::List(list)) => list.elements.iter().for_each(|value| pair(left, value)),
            (operators::IN, _) => pair(right, left),
            _ => {}
        }
    });
    found
}

/// The variable a node names, `ticket.text` as one.
pub(super) fn variable(node: &IdedExpr) -> Option<String> {
    match &node.expr {
        Expr::Ident(name) => Some(name.clone()),
        Expr::Select(select) => match &select.operand.expr {
            Expr::Ident(name) if name == "ticket" => Some(format!("ticket.{}", select.field)),
            _ => None,
        },
        _ => None,
    }
}

/// A text in quotes.
pub(super) fn text(node: &IdedExpr) -> Option<&str> {
    match &node.expr {
        Expr::Literal(LiteralValue::String(text)) => Some(text.inner()),
        _ => None,
    }
}

/// The nodes right below a node.
pub(super) fn children(node: &IdedExpr) -> Vec<&IdedExpr> {
    match &node.expr {
        Expr::Call(CallExpr { target, args, .. }) => target.iter().map(|it| &**it).chain(args).collect(),
        Expr::List(list) => list.elements.iter().collect(),
        Expr::Select(select) => vec![&select.operand],
        Expr::Comprehension(it) => {
            vec![&it.iter_range, &it.accu_init, &it.loop_cond, &it.loop_step, &it.result]
        }
        _ => Vec::new(),
    }
}

fn walk<'t>(node: &'t IdedExpr, visit: &mut impl FnMut(&'t IdedExpr)) {
    visit(node);
    children(node).into_iter().for_each(|child| walk(child, visit));
}

/// Every text in quotes and every field: what a map might be asked for.
fn texts(tree: &IdedExpr) -> Vec<String> {
    let mut found = Vec::new();
    walk(tree, &mut |node| {
        found.extend(text(node).map(str::to_owned));
        if let Expr::Select(select) = &node.expr {
            found.push(select.field.clone());
        }
    });
    found
}

/// Names that nobody knows. `bound` are those that a loop binds.
fn names(node: &IdedExpr, bound: &mut Vec<String>, found: &mut Vec<String>) {
    match &node.expr {
        Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => {
            found.push("holds a literal in braces, which rules do not need".to_owned());
        }
        Expr::Call(call) if !is_known(&call.func_name) => {
            found.push(format!("calls {}(), which there is not", call.func_name));
        }
        Expr::Comprehension(_) if !bound.is_empty() => {
            found.push("has a loop within a loop, which might not end in time".to_owned());
            return;
        }
        Expr::Comprehension(it) => bound.extend([it.iter_var.clone(), it.accu_var.clone()]),
        _ => {}
    }
    match variable(node) {
        Some(name) if bound.contains(&name) => {}
        Some(name) if variables::named(&name).is_some() || variables::constant(&name).is_some() => return,
        Some(name) => return found.push(format!("asks for {name}, which there is not")),
        None => {}
    }
    children(node).into_iter().for_each(|child| names(child, bound, found));
    if matches!(node.expr, Expr::Comprehension(_)) {
        bound.clear();
    }
}

fn is_known(function: &str) -> bool {
    // The operators' names have signs in them.
    FUNCTIONS.contains(&function) || function == operators::IN || function.contains('_') && !is_word(function)
}

fn is_word(function: &str) -> bool {
    function.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Types that do not fit: each node is evaluated by itself, so that no `||` hides what is on its right. What only
/// a ticket can show (a name that `attributes` has not) is no problem here.
fn types(node: &IdedExpr, context: &Context<'_, '_>, found: &mut Vec<String>) {
    if !matches!(node.expr, Expr::Comprehension(_)) {
        let below = found.len();
        children(node)
            .into_iter()
            .filter(|child| variable(node).is_none() || variable(child).is_none())
            .for_each(|child| types(child, context, found));
        if found.len() > below {
            return;
        }
    }
    match Value::resolve_val(node, context) {
        Ok(_) => found.extend(unlike(node, context)),
        Err(
            ExecutionError::NoSuchKey(_)
            | ExecutionError::IndexOutOfBounds(_)
            | ExecutionError::DivisionByZero(_)
            | ExecutionError::RemainderByZero(_)
            | ExecutionError::FunctionError { .. },
        ) => {}
        Err(error) => found.push(format!("compares or calls what does not fit: {error}")),
    }
}

/// Values of different types that are asked to be equal, which they never are.
fn unlike(node: &IdedExpr, context: &Context<'_, '_>) -> Option<String> {
    let Expr::Call(call) = &node.expr else { return None };
    let kind = |node| Value::resolve_val(node, context).ok().map(|value| broad(value.get_type().kind()));
    if matches!(call.func_name.as_str(), operators::LOGICAL_AND | operators::LOGICAL_OR) {
        let odd = call.args.iter().filter_map(kind).find(|kind| *kind != Kind::Boolean)?;
        return Some(format!("joins {odd:?}, which is neither true nor false"));
    }
    let [left, right] = call.args.as_slice() else { return None };
    let others: Vec<&IdedExpr> = match (call.func_name.as_str(), &right.expr) {
        (operators::EQUALS | operators::NOT_EQUALS, _) => vec![right],
        (operators::IN, Expr::List(list)) => list.elements.iter().collect(),
        _ => return None,
    };
    let left = kind(left)?;
    let other = others.into_iter().filter_map(kind).find(|other| *other != left)?;
    Some(format!("compares {left:?} with {other:?}, which are never equal"))
}

/// All numbers are alike.
fn broad(kind: Kind) -> Kind {
    match kind {
        Kind::Int | Kind::UInt => Kind::Double,
        other => other,
    }
}
