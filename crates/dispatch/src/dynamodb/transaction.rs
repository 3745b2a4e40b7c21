//! [`CancellationReason`]: why a transaction was cancelled, per item.

use inia_core::{Error, ServiceError, Str, Value};

/// The reason of one item of a cancelled transaction.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CancellationReason {
    /// The index of the item in the transaction.
    pub position: usize,
    /// The code, such as `ConditionalCheckFailed` or `TransactionConflict`.
    pub code: Str,
    /// The service's message; empty if there is none.
    pub message: Str,
    /// The item as it is in the table, if the transaction asked for it with `ReturnValuesOnConditionCheckFailure`.
    pub item: Option<Value>,
}

/// Error code of a cancelled transaction.
const CANCELED: &str = "TransactionCanceledException";

/// Returns the reasons of a cancelled transaction: one for each item that caused it. Empty for any other error.
///
/// ```no_run
/// # use inia_dispatch as inia;
/// # async fn example() -> inia_core::Result<()> {
/// use inia::dynamodb::{Attr, cancellation_reasons};
/// use inia::{Session, json};
///
/// let dynamodb = Session::load().await?.client("dynamodb")?.native();
/// let transfer = json!({"TransactItems": [
///     {"Update": {
///         "TableName": "accounts", "Key": {"id": "a"}, "UpdateExpression": "SET balance = balance - :sum",
///         "ExpressionAttributeValues": {":sum": 10}, "ConditionExpression": Attr("balance").gte(10)}},
///     {"Update": {
///         "TableName": "accounts", "Key": {"id": "b"}, "UpdateExpression": "SET balance = balance + :sum",
///         "ExpressionAttributeValues": {":sum": 10}}},
/// ]});
/// if let Err(error) = dynamodb.call("TransactWriteItems", transfer).await {
///     for reason in cancellation_reasons(&error) {
///         println!("item {}: {} {}", reason.position, reason.code, reason.message);
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[must_use]
pub fn cancellation_reasons(error: &Error) -> Vec<CancellationReason> {
    match error.service() {
        Some(error) if error.code == CANCELED => reasons(error),
        _ => Vec::new(),
    }
}

fn reasons(error: &ServiceError) -> Vec<CancellationReason> {
    let reasons = error.details.get("CancellationReasons");
    let reasons = reasons.into_iter().flat_map(Value::items).enumerate();
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        _ => Str::new(),
    };
    reasons
        .filter(|(_, reason)| !matches!(reason["Code"].as_str(), None | Some("None")))
        .map(|(position, reason)| CancellationReason {
            position,
            code: text(&reason["Code"]),
            message: text(&reason["Message"]),
            item: reason.get("Item").filter(|item| !item.is_null()).cloned(),
        })
        .collect()
}

/// Maximum number of reasons in a message. A transaction has up to 100 items.
const MAX_SHOWN: usize = 10;

/// Adds the reasons of a cancelled transaction to the message of its error.
pub(super) fn with_reasons(error: Error) -> Error {
    let reasons = cancellation_reasons(&error);
    if reasons.is_empty() {
        return error;
    }
    let mut notes: Vec<String> = reasons
        .iter()
        .take(MAX_SHOWN)
        .map(|reason| {
            let CancellationReason {
                position,
                code,
                message,
                ..
            } = reason;
            match message.is_empty() {
                true => format!("item {position}: {code}"),
                false => format!("item {position}: {code} ({message})"),
            }
        })
        .collect();
    if reasons.len() > MAX_SHOWN {
        notes.push(format!("and {} more", reasons.len() - MAX_SHOWN));
    }
    error.with_note(notes.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use inia_core::json;

    fn cancelled(reasons: Value) -> Error {
        let mut error = ServiceError {
            code: CANCELED.into(),
            message: "Transaction cancelled".into(),
            http_status: 400,
            ..ServiceError::default()
        };
        error.details.insert("CancellationReasons", reasons);
        Error::from_service("TransactWriteItems", error)
    }

    #[test]
    fn an_error_says_which_items_cancelled_the_transaction() {
        let error = cancelled(json!([
            {"Code": "None"},
            {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed", "Item": {"id": 1}},
            {"Code": "TransactionConflict", "Message": null}
        ]));
        let reasons = cancellation_reasons(&error);
        assert_eq!(reasons.len(), 2);
        assert_eq!(
            (reasons[0].position, reasons[0].code.as_str()),
            (1, "ConditionalCheckFailed")
        );
        assert_eq!(reasons[0].item, Some(json!({"id": 1})));
        assert_eq!((reasons[1].position, reasons[1].message.as_str()), (2, ""));
        assert!(
            with_reasons(error)
                .to_string()
                .ends_with("; item 1: ConditionalCheckFailed (The conditional request failed); item 2: TransactionConflict")
        );
        let many: Vec<Value> = (0..15)
            .map(|_| json!({"Code": "ThrottlingError"}))
            .collect();
        assert!(
            with_reasons(cancelled(many.into()))
                .to_string()
                .ends_with("; and 5 more")
        );
        for odd in [json!(1), json!([1, null, {}]), Value::Null] {
            assert!(cancellation_reasons(&cancelled(odd)).is_empty());
        }
    }
}
