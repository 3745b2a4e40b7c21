//! The program of steps and its execution with inia.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use inia::dynamodb::{Attr, Condition, Key, Operand, Table, from_attribute, to_attribute};
use inia::jmespath::Expression;
use inia::{
    Credentials, Error, ErrorKind, Session, Value, paginate::Paginator, resource::Collection,
    resource::Resource, resource::ResourceOutcome,
};
use serde_json::Value as Json;

use crate::request::Recorder;

/// A step of the program.
#[derive(Clone, Debug)]
pub(crate) struct Step(Value);

pub(crate) fn steps() -> Vec<Step> {
    let steps: Value =
        serde_json::from_str(include_str!("steps.json")).expect("steps.json is valid");
    steps.items().cloned().map(Step).collect()
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = ["on", "do", "name"].map(|part| self.0[part].as_str().unwrap_or_default());
        f.write_str(parts.join(" ").trim())
    }
}

impl Step {
    fn text(&self, name: &str) -> &str {
        self.0[name].as_str().unwrap_or_default()
    }

    fn number(&self, name: &str) -> Option<usize> {
        self.0.get(name)?.as_i64()?.try_into().ok()
    }
}

/// Value bound to a name.
enum BoundValue {
    Resource(Resource),
    Resources(Vec<Resource>),
    Value(Value),
}

/// Runs the program against a server.
pub(crate) async fn run(url: &str, steps: &[Step]) -> Result<Vec<crate::StepResult>> {
    let recorder = Recorder::new();
    let session = Session::builder()
        .region("us-east-1")
        .credentials(Credentials::new("AKIDEXAMPLE", "secret", None))
        .endpoint_url(url.to_owned())
        .transport(recorder.clone())
        .load()
        .await?;
    let mut program = Program {
        session,
        bindings: HashMap::new(),
    };
    let mut outcomes = Vec::with_capacity(steps.len());
    for step in steps {
        let result = program.step(step).await;
        let result = match result {
            Ok((value, result)) => {
                if let Some(name) = step.0["as"].as_str() {
                    program.bindings.insert(name.to_owned(), value);
                }
                Ok(without_times(result))
            }
            Err(error) => Err(kind_of(&error)?),
        };
        outcomes.push(crate::StepResult {
            requests: recorder.take(),
            result,
        });
    }
    Ok(outcomes)
}

/// Returns the peer's name for an error.
fn kind_of(error: &anyhow::Error) -> Result<String> {
    let Some(error) = error.downcast_ref::<Error>() else {
        bail!("invalid program: {error:#}");
    };
    Ok(match error.kind() {
        ErrorKind::Service => error
            .service()
            .context("missing service error")?
            .code
            .to_string(),
        ErrorKind::Waiter => "waiter".to_owned(),
        ErrorKind::Pagination => "pagination".to_owned(),
        ErrorKind::Validation => "validation".to_owned(),
        ErrorKind::Resource | ErrorKind::Model => "resource".to_owned(),
        _ => format!("{error:#}"),
    })
}

struct Program {
    session: Session,
    bindings: HashMap<String, BoundValue>,
}

impl Program {
    fn resource(&self, name: &str) -> Result<&Resource> {
        match self.bindings.get(name) {
            Some(BoundValue::Resource(resource)) => Ok(resource),
            _ => bail!("{name} is not a resource"),
        }
    }

    /// Replaces `$name`, `$name.identifier` and `$name:jmespath` with their values.
    fn filled(&self, value: &Value) -> Result<Value> {
        Ok(match value {
            Value::Map(map) => {
                let mut filled = inia::Map::new();
                for (key, value) in map {
                    filled.insert(key.clone(), self.filled(value)?);
                }
                Value::Map(filled)
            }
            Value::List(list) => Value::from(
                list.iter()
                    .map(|each| self.filled(each))
                    .collect::<Result<Vec<_>>>()?,
            ),
            Value::String(text) => match text.strip_prefix('$') {
                None => value.clone(),
                Some(name) => self.named(name)?,
            },
            other => other.clone(),
        })
    }

    fn named(&self, name: &str) -> Result<Value> {
        if let Some((name, path)) = name.split_once(':') {
            let Some(BoundValue::Value(value)) = self.bindings.get(name) else {
                bail!("{name} is not a value");
            };
            return Ok(Expression::compile(path)?.search(value)?.into_owned());
        }
        let (name, identifier) = name.split_once('.').context("a bare name is not a value")?;
        let resource = self.resource(name)?;
        resource
            .identifier(identifier)
            .cloned()
            .with_context(|| format!("{resource} has no {identifier}"))
    }

    async fn step(&self, step: &Step) -> Result<(BoundValue, Json)> {
        let name = step.text("name");
        let params = self.filled(&step.0["params"])?;
        if step.text("do") == "service" {
            return Ok(of_resource(self.session.resource(name)?));
        }
        if step.text("do") == "pick" {
            let Some(BoundValue::Resources(all)) = self.bindings.get(step.text("on")) else {
                bail!("{} is not a list", step.text("on"));
            };
            let at = step.number("at").context("at")?;
            return Ok(of_resource(
                all.get(at).context("index out of range")?.clone(),
            ));
        }
        match step.text("do") {
            "to_attribute" => {
                let attribute = to_attribute(native(&step.0["value"])?)?;
                let shown = crate::request::sorted_sets(to_json(&attribute));
                return Ok((BoundValue::Value(Value::Null), shown));
            }
            "from_attribute" => {
                let value = from_attribute(&step.0["value"]);
                return Ok((BoundValue::Value(Value::Null), native_json(&value)));
            }
            _ => {}
        }
        let on = self.resource(step.text("on"))?;
        let (params, shown): (Value, fn(&Value) -> Json) = match on.client().is_native() {
            true => (native(&params)?, native_json),
            false => (params, to_json),
        };
        let result = match step.text("do") {
            "call" => {
                let output = on.client().call(name, params).await?;
                let result = shown(&output.value);
                return Ok((BoundValue::Value(output.value), result));
            }
            "batch_write" => {
                let mut batch = Table::from_resource(on)?.batch_writer();
                if let Some(key) = step.0.get("overwrite_by") {
                    batch = batch.overwrite_by(key.items().filter_map(Value::as_str));
                }
                for write in step.0["writes"].items() {
                    match write.get("put") {
                        Some(item) => batch.put(native(item)?).await?,
                        None => batch.delete(native(&write["delete"])?).await?,
                    }
                }
                batch.finish().await?;
                Json::Null
            }
            "get" => return Ok(of_resource(on.get(name, self.filled(&step.0["ids"])?)?)),
            "action" => return of_outcome(on.action(name, params).await?, shown).await,
            "reference" => return of_outcome(on.reference(name).await?, shown).await,
            "attribute" => to_json(&on.attribute(name).await?),
            "load" => {
                on.load().await?;
                Json::Null
            }
            "data" => on.data().map_or(Json::Null, |data| to_json(&data)),
            "print" => Json::from(on.to_string()),
            "equal" => Json::from(on == self.resource(step.text("other"))?),
            "subresources" => on
                .available_subresources()
                .iter()
                .map(|name| name.to_string())
                .collect(),
            "wait" => {
                on.wait_until(name, params).await?;
                Json::Null
            }
            "collection" => {
                let all = self.collection(on, step)?.iter().collect().await?;
                let result = printed(&all);
                return Ok((BoundValue::Resources(all), result));
            }
            "pages" => {
                let mut pages = self.collection(on, step)?.pages();
                let mut result = Vec::new();
                while let Some(page) = pages.next().await {
                    result.push(printed(&page?));
                }
                Json::from(result)
            }
            "batch" => {
                let collection = self.collection(on, step)?;
                let outputs = collection.batch(step.text("action"), params).await?;
                outputs
                    .iter()
                    .map(|output| to_json(&output.value))
                    .collect()
            }
            "paginate" => {
                let full = self.pages(on, step, params)?.build_full_result().await?;
                let result = shown(&full);
                return Ok((BoundValue::Value(full), result));
            }
            "search" => {
                let matches = self
                    .pages(on, step, params)?
                    .search(step.text("expression"));
                matches.collect().await?.iter().map(shown).collect()
            }
            "client_wait" => {
                let attempts = step.number("attempts").context("attempts")?;
                let wait = on.client().wait(name, params).delay(Duration::ZERO);
                wait.max_attempts(u32::try_from(attempts)?).await?;
                Json::Null
            }
            other => bail!("unknown step {other}"),
        };
        Ok((BoundValue::Value(Value::Null), result))
    }

    fn collection(&self, on: &Resource, step: &Step) -> Result<Collection> {
        let mut collection = on.collection(step.text("name"));
        for filter in step.0["filters"].items() {
            collection = collection.filter(self.filled(filter)?);
        }
        if let Some(size) = step.number("page_size") {
            collection = collection.page_size(size as u64);
        }
        if let Some(limit) = step.number("limit") {
            collection = collection.limit(limit);
        }
        Ok(collection)
    }

    fn pages(&self, on: &Resource, step: &Step, params: Value) -> Result<Paginator> {
        let mut pages = on.client().paginate(step.text("name"), params);
        if let Some(items) = step.number("max_items") {
            pages = pages.max_items(items);
        }
        if let Some(size) = step.number("page_size") {
            pages = pages.page_size(size as u64);
        }
        if let Some(start) = step.0.get("start") {
            let start = self.filled(start)?;
            pages = pages.starting_token(start.as_str().context("start")?);
        }
        Ok(pages)
    }
}

fn of_resource(resource: Resource) -> (BoundValue, Json) {
    let printed = Json::from(resource.to_string());
    (BoundValue::Resource(resource), printed)
}

fn printed(resources: &[Resource]) -> Json {
    resources.iter().map(ToString::to_string).collect()
}

async fn of_outcome(
    outcome: ResourceOutcome,
    shown: fn(&Value) -> Json,
) -> Result<(BoundValue, Json)> {
    Ok(match outcome {
        ResourceOutcome::None => (BoundValue::Value(Value::Null), Json::Null),
        ResourceOutcome::Resource(resource) => of_resource(resource),
        ResourceOutcome::Resources(resources) => {
            let result = printed(&resources);
            (BoundValue::Resources(resources), result)
        }
        ResourceOutcome::Output(output) => {
            let mut result = shown(&output.value);
            if let Some(body) = output.body {
                let text = body.collect(1 << 20).await?;
                result["Body"] = Json::from(String::from_utf8(text.to_vec())?);
            }
            (BoundValue::Value(output.value), result)
        }
    })
}

/// Converts the conditions in the parameters of a native client.
fn native(value: &Value) -> Result<Value> {
    Ok(match value {
        Value::List(list) => list.iter().map(native).collect::<Result<Vec<_>>>()?.into(),
        Value::Map(map) => match value.get("$condition") {
            Some(parts) => condition(parts)?.into(),
            None => {
                let mut converted = inia::Map::new();
                for (key, value) in map {
                    converted.insert(key.clone(), native(value)?);
                }
                Value::Map(converted)
            }
        },
        other => other.clone(),
    })
}

fn condition(parts: &Value) -> Result<Condition> {
    let method = parts[0].as_str().context("a method")?;
    let nested = |at: usize| condition(&parts[at]["$condition"]);
    match method {
        "and" => return Ok(nested(1)? & nested(2)?),
        "or" => return Ok(nested(1)? | nested(2)?),
        "not" => return Ok(!nested(1)?),
        _ => {}
    }
    let target = &parts[1];
    let argument = |at: usize| operand(&parts[at + 1]);
    macro_rules! comparisons {
        ($target:expr) => {{
            let target = $target;
            match method {
                "eq" => target.eq(argument(1)),
                "lt" => target.lt(argument(1)),
                "lte" => target.lte(argument(1)),
                "gt" => target.gt(argument(1)),
                "gte" => target.gte(argument(1)),
                "between" => target.between(argument(1), argument(2)),
                "begins_with" => target.begins_with(argument(1)),
                other => bail!("unknown method {other}"),
            }
        }};
    }
    if let Some(name) = target["$key"].as_str() {
        return Ok(comparisons!(Key(name)));
    }
    if let Some(name) = target["$size"].as_str() {
        return Ok(comparisons!(Attr(name).size()));
    }
    let attribute = Attr(target["$attr"].as_str().context("an attribute")?);
    Ok(match method {
        "ne" => attribute.ne(argument(1)),
        "is_in" => attribute.is_in(parts[2].items().map(operand)),
        "exists" => attribute.exists(),
        "not_exists" => attribute.not_exists(),
        "contains" => attribute.contains(argument(1)),
        "attribute_type" => attribute.attribute_type(argument(1)),
        _ => comparisons!(attribute),
    })
}

fn operand(value: &Value) -> Operand {
    if let Some(name) = value["$attr"].as_str() {
        return Attr(name).into();
    }
    match value["$size"].as_str() {
        Some(name) => Attr(name).size().into(),
        None => value.into(),
    }
}

/// Converts a native value to JSON like the peer.
fn native_json(value: &Value) -> Json {
    match value {
        Value::List(list) => list.iter().map(native_json).collect(),
        Value::Map(map) => Json::Object(
            map.iter()
                .map(|(key, value)| {
                    let mut value = native_json(value);
                    if key == "$set"
                        && let Json::Array(items) = &mut value
                    {
                        items.sort_by_key(ToString::to_string);
                    }
                    (key.to_string(), value)
                })
                .collect(),
        ),
        Value::Blob(bytes) => serde_json::json!({"$binary": bytes.to_base64()}),
        other => to_json(other),
    }
}

/// Converts a value to JSON like the peer.
fn to_json(value: &Value) -> Json {
    match value {
        Value::List(list) => list.iter().map(to_json).collect(),
        Value::Map(map) => Json::Object(
            map.iter()
                .map(|(key, value)| (key.to_string(), to_json(value)))
                .collect(),
        ),
        Value::Timestamp(_) => serde_json::json!({"time": 0}),
        Value::Blob(bytes) => Json::from(bytes.to_base64()),
        other => other.to_json(),
    }
}

/// Removes timestamps, which differ from run to run, and strings that contain them.
pub(crate) fn without_times(value: Json) -> Json {
    match value {
        Json::Object(map) => match map.get("time") {
            Some(_) if map.len() == 1 => Json::from("a moment"),
            _ => map
                .into_iter()
                .map(|(key, value)| (key, without_times(value)))
                .collect(),
        },
        Json::Array(list) => list.into_iter().map(without_times).collect(),
        Json::String(text) if is_moment(&text) => Json::from("a moment"),
        other => other,
    }
}

/// Reports whether a text is a timestamp: ISO 8601, or seconds or milliseconds of this century.
fn is_moment(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_epoch = matches!(whole.len(), 10 | 13) && is_number(whole) && is_number(fraction);
    let is_iso = text.len() >= 19
        && text.as_bytes()[4] == b'-'
        && text.as_bytes()[10] == b'T'
        && inia::Timestamp::parse(text, inia::TimestampFormat::Iso8601).is_ok();
    is_epoch || is_iso
}
