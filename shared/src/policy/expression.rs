//! Conditions in the Common Expression Language (cel.dev), compiled once, when the policy is read.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

use cel::{Context, Env, Program, Value, extractors::This};
use regex::Regex;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

use super::{Facts, inspect};

/// Characters of an expression at most: more is a program.
const MAX_CHARS: usize = 1_000;

static ENV: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

/// A condition: an expression that is true or false of a ticket.
#[derive(Clone)]
pub struct Expression {
    source: String,
    compiled: Result<Arc<Compiled>, Vec<String>>,
}

struct Compiled {
    program: Program,
    patterns: Arc<Patterns>,
}

/// Regular expressions by their text.
type Patterns = BTreeMap<String, Regex>;

impl Expression {
    /// Compiles an expression; what is wrong with it is kept, see [`Expression::problems`].
    pub fn new(source: &str) -> Self {
        let compiled = compile(source).map(Arc::new);
        Self { source: source.to_owned(), compiled }
    }

    /// As it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// What is wrong with it.
    pub fn problems(&self) -> &[String] {
        self.compiled.as_ref().err().map_or(&[], Vec::as_slice)
    }

    /// The variables it asks for.
    pub fn variables(&self) -> Vec<String> {
        self.compiled.as_ref().map(|it| inspect::variables(it.program.expression())).unwrap_or_default()
    }

    /// Its tree, for those who reason about it.
    pub(super) fn tree(&self) -> Option<&cel::IdedExpr> {
        self.compiled.as_ref().ok().map(|compiled| compiled.program.expression())
    }

    /// Whether it is true of a ticket. Evaluation ends: the language has no loops but over the ticket's own lists,
    /// of which expressions may not be nested.
    ///
    /// # Errors
    /// What could not be evaluated: a name that `attributes` has not, a division by 0.
    pub fn holds(&self, facts: &Facts<'_>) -> Result<bool, String> {
        let compiled = self.compiled.as_ref().map_err(|problems| problems.join("; "))?;
        let context = context(facts, &compiled.patterns);
        match Value::resolve_val(compiled.program.expression(), &context) {
            Ok(value) => value
                .downcast_ref::<cel::common::types::CelBool>()
                .map(|truth| *truth.inner())
                .ok_or_else(|| "it is neither true nor false".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }
}

fn compile(source: &str) -> Result<Compiled, Vec<String>> {
    let chars = source.chars().count();
    if chars > MAX_CHARS {
        return Err(vec![format!("has {chars} characters; more than {MAX_CHARS} are not taken")]);
    }
    let program = Program::compile(source).map_err(|errors| {
        let said = |error: &cel::ParseError| {
            format!("is no expression, at character {} of line {}: {}", error.pos.1, error.pos.0, error.msg)
        };
        errors.errors.iter().map(said).collect::<Vec<_>>()
    })?;
    let (patterns, mut problems) = patterns(program.expression());
    problems.extend(inspect::problems(program.expression(), &patterns));
    if problems.is_empty() { Ok(Compiled { program, patterns }) } else { Err(problems) }
}

/// The regular expressions of all `matches`, compiled.
fn patterns(tree: &cel::IdedExpr) -> (Arc<Patterns>, Vec<String>) {
    let (mut patterns, mut problems) = (Patterns::new(), Vec::new());
    for text in inspect::patterns(tree) {
        match text.map(|text| (text, Regex::new(text))) {
            Some((text, Ok(pattern))) => drop(patterns.insert(text.to_owned(), pattern)),
            Some((text, Err(_))) => problems.push(format!("matches({text:?}): is no regular expression")),
            None => problems.push("matches() takes a regular expression in quotes".to_owned()),
        }
    }
    (Arc::new(patterns), problems)
}

/// Where an expression is evaluated.
pub(super) fn context<'v>(
    variables: &'v dyn cel::context::VariableResolver,
    patterns: &Arc<Patterns>,
) -> Context<'v, 'v> {
    let mut context = Context::with_env(Arc::clone(&ENV));
    context.set_variable_resolver(variables);
    if !patterns.is_empty() {
        let patterns = Arc::clone(patterns);
        let matches = move |This(text): This<Arc<String>>, pattern: Arc<String>| -> bool {
            patterns.get(&*pattern).is_some_and(|pattern| pattern.is_match(&text))
        };
        // It fails only if the environment declared a function of that name, which a test excludes.
        let _ = context.add_function("matches", matches);
    }
    context
}

impl std::fmt::Debug for Expression {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.source)
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl<'de> Deserialize<'de> for Expression {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::new(&String::deserialize(deserializer)?))
    }
}

impl JsonSchema for Expression {
    fn schema_name() -> Cow<'static, str> {
        "Expression".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names: Vec<String> =
            super::VARIABLES.iter().map(|it| format!("{}: {}", it.name, it.about)).collect();
        json_schema!({
            "type": "string",
            "minLength": 1,
            "description": format!(
                "A condition in the Common Expression Language, such as `intent == \"get_refund\" && amount > 200`. \
                 Variables:\n{}.", names.join(";\n")
            ),
        })
    }
}
