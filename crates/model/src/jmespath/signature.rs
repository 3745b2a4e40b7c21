//! The functions of JMESPath: their names and parameters.

use super::eval_value::{DataType, EvalValue};
use crate::did_you_mean;

/// A built-in function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Abs,
    Avg,
    Ceil,
    Contains,
    EndsWith,
    Floor,
    Join,
    Keys,
    Length,
    Map,
    Max,
    MaxBy,
    Merge,
    Min,
    MinBy,
    NotNull,
    Reverse,
    Sort,
    SortBy,
    StartsWith,
    Sum,
    ToArray,
    ToNumber,
    ToString,
    Type,
    Values,
}

/// The type that a parameter accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ParameterType {
    Any,
    /// `&expression`
    Expression,
    Number,
    String,
    Array,
    Object,
    ArrayOrString,
    StringArrayOrObject,
    Numbers,
    Strings,
    NumbersOrStrings,
}

pub(super) struct FunctionSignature {
    pub(super) name: &'static str,
    function: Function,
    pub(super) parameters: &'static [ParameterType],
    /// If `true`, the last parameter may be repeated.
    pub(super) variadic: bool,
}

const fn row(
    name: &'static str,
    function: Function,
    parameters: &'static [ParameterType],
) -> FunctionSignature {
    FunctionSignature {
        name,
        function,
        parameters,
        variadic: false,
    }
}

const fn variadic(
    name: &'static str,
    function: Function,
    parameters: &'static [ParameterType],
) -> FunctionSignature {
    FunctionSignature {
        name,
        function,
        parameters,
        variadic: true,
    }
}

/// # Source
/// <https://jmespath.org/specification.html#built-in-functions>
static FUNCTIONS: &[FunctionSignature] = &[
    row("abs", Function::Abs, &[ParameterType::Number]),
    row("avg", Function::Avg, &[ParameterType::Numbers]),
    row("ceil", Function::Ceil, &[ParameterType::Number]),
    row(
        "contains",
        Function::Contains,
        &[ParameterType::ArrayOrString, ParameterType::Any],
    ),
    row(
        "ends_with",
        Function::EndsWith,
        &[ParameterType::String, ParameterType::String],
    ),
    row("floor", Function::Floor, &[ParameterType::Number]),
    row(
        "join",
        Function::Join,
        &[ParameterType::String, ParameterType::Strings],
    ),
    row("keys", Function::Keys, &[ParameterType::Object]),
    row(
        "length",
        Function::Length,
        &[ParameterType::StringArrayOrObject],
    ),
    row(
        "map",
        Function::Map,
        &[ParameterType::Expression, ParameterType::Array],
    ),
    row("max", Function::Max, &[ParameterType::NumbersOrStrings]),
    row(
        "max_by",
        Function::MaxBy,
        &[ParameterType::Array, ParameterType::Expression],
    ),
    variadic("merge", Function::Merge, &[ParameterType::Object]),
    row("min", Function::Min, &[ParameterType::NumbersOrStrings]),
    row(
        "min_by",
        Function::MinBy,
        &[ParameterType::Array, ParameterType::Expression],
    ),
    variadic("not_null", Function::NotNull, &[ParameterType::Any]),
    row(
        "reverse",
        Function::Reverse,
        &[ParameterType::ArrayOrString],
    ),
    row("sort", Function::Sort, &[ParameterType::NumbersOrStrings]),
    row(
        "sort_by",
        Function::SortBy,
        &[ParameterType::Array, ParameterType::Expression],
    ),
    row(
        "starts_with",
        Function::StartsWith,
        &[ParameterType::String, ParameterType::String],
    ),
    row("sum", Function::Sum, &[ParameterType::Numbers]),
    row("to_array", Function::ToArray, &[ParameterType::Any]),
    row("to_number", Function::ToNumber, &[ParameterType::Any]),
    row("to_string", Function::ToString, &[ParameterType::Any]),
    row("type", Function::Type, &[ParameterType::Any]),
    row("values", Function::Values, &[ParameterType::Object]),
];

impl FunctionSignature {
    /// Returns the parameter of the argument at a position.
    pub(super) fn parameter(&self, position: usize) -> ParameterType {
        let parameter = self.parameters.get(position).or(self.parameters.last());
        parameter.copied().unwrap_or(ParameterType::Any)
    }
}

impl Function {
    /// Returns the function of a name.
    pub(super) fn named(name: &str) -> Option<Function> {
        let row = FUNCTIONS.iter().find(|row| row.name == name)?;
        Some(row.function)
    }

    pub(super) fn signature(self) -> &'static FunctionSignature {
        static UNLISTED: FunctionSignature = variadic("", Function::NotNull, &[]);
        FUNCTIONS
            .iter()
            .find(|row| row.function == self)
            .unwrap_or(&UNLISTED)
    }
}

/// Returns the message for an unknown function.
#[cold]
pub(super) fn unknown_function(name: &str) -> String {
    let names = FUNCTIONS.iter().map(|row| row.name);
    format!("unknown function `{name}`{}", did_you_mean(name, names))
}

impl ParameterType {
    pub(super) fn accepts(self, value: &EvalValue<'_>) -> bool {
        let all = |expected: DataType| {
            value
                .elements()
                .is_some_and(|mut elements| elements.all(|element| element.type_of() == expected))
        };
        let kind = value.type_of();
        match self {
            ParameterType::Any | ParameterType::Expression => true,
            ParameterType::Number => kind == DataType::Number,
            ParameterType::String => kind == DataType::String,
            ParameterType::Array => kind == DataType::Array,
            ParameterType::Object => kind == DataType::Object,
            ParameterType::ArrayOrString => matches!(kind, DataType::Array | DataType::String),
            ParameterType::StringArrayOrObject => {
                matches!(kind, DataType::String | DataType::Array | DataType::Object)
            }
            ParameterType::Numbers => all(DataType::Number),
            ParameterType::Strings => all(DataType::String),
            ParameterType::NumbersOrStrings => all(DataType::Number) || all(DataType::String),
        }
    }

    pub(super) fn describe(self) -> &'static str {
        match self {
            ParameterType::Any => "a value",
            ParameterType::Expression => "an expression",
            ParameterType::Number => "a number",
            ParameterType::String => "a string",
            ParameterType::Array => "an array",
            ParameterType::Object => "an object",
            ParameterType::ArrayOrString => "an array or a string",
            ParameterType::StringArrayOrObject => "a string, an array or an object",
            ParameterType::Numbers => "an array of numbers",
            ParameterType::Strings => "an array of strings",
            ParameterType::NumbersOrStrings => "an array of numbers or an array of strings",
        }
    }
}
