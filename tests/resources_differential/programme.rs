//! The programme, and how we run it.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use inia::jmespath::Expression;
use inia::{
    Collection, Credentials, Error, ErrorKind, Outcome, Paginator, Resource, Session, Value,
};
use serde_json::Value as Json;

use crate::request::Recorder;

/// One step of the programme.
#[derive(Clone, Debug)]
pub(crate) struct Step(Value);

pub(crate) fn steps() -> Vec<Step> {
    let steps: Value =
        serde_json::from_str(include_str!("steps.json")).expect("steps.json holds steps");
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

/// What a name stands for.
enum Thing {
    Resource(Resource),
    Resources(Vec<Resource>),
    Value(Value),
}

/// Runs the programme against a server.
pub(crate) async fn run(url: &str, steps: &[Step]) -> Result<Vec<crate::Outcome>> {
    let recorder = Recorder::new();
    let session = Session::builder()
        .region("us-east-1")
        .credentials(Credentials::new("AKIDEXAMPLE", "secret", None))
        .endpoint_url(url.to_owned())
        .transport(recorder.clone())
        .load()
        .await?;
    let mut programme = Programme {
        session,
        things: HashMap::new(),
    };
    let mut outcomes = Vec::with_capacity(steps.len());
    for step in steps {
        let result = programme.step(step).await;
        let result = match result {
            Ok((thing, told)) => {
                if let Some(name) = step.0["as"].as_str() {
                    programme.things.insert(name.to_owned(), thing);
                }
                Ok(without_times(told))
            }
            Err(error) => Err(kind_of(&error)?),
        };
        outcomes.push(crate::Outcome {
            requests: recorder.take(),
            result,
        });
    }
    Ok(outcomes)
}

/// What the peer calls an error.
fn kind_of(error: &anyhow::Error) -> Result<String> {
    let Some(error) = error.downcast_ref::<Error>() else {
        bail!("the programme is wrong: {error:#}");
    };
    Ok(match error.kind() {
        ErrorKind::Service => error
            .service()
            .context("what the service said")?
            .code
            .to_string(),
        ErrorKind::Waiter => "waiter".to_owned(),
        ErrorKind::Pagination => "pagination".to_owned(),
        ErrorKind::Validation => "validation".to_owned(),
        ErrorKind::Resource | ErrorKind::Model => "resource".to_owned(),
        _ => format!("{error:#}"),
    })
}

struct Programme {
    session: Session,
    things: HashMap<String, Thing>,
}

impl Programme {
    fn resource(&self, name: &str) -> Result<&Resource> {
        match self.things.get(name) {
            Some(Thing::Resource(resource)) => Ok(resource),
            _ => bail!("{name} is no resource"),
        }
    }

    /// Replaces `$name`, `$name.identifier` and `$name:jmespath` by what they stand for.
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
            let Some(Thing::Value(value)) = self.things.get(name) else {
                bail!("{name} is no value");
            };
            return Ok(Expression::compile(path)?.search(value)?.into_owned());
        }
        let (name, identifier) = name.split_once('.').context("a name alone is no value")?;
        let resource = self.resource(name)?;
        resource
            .identifier(identifier)
            .cloned()
            .with_context(|| format!("{resource} has no {identifier}"))
    }

    async fn step(&self, step: &Step) -> Result<(Thing, Json)> {
        let name = step.text("name");
        let params = self.filled(&step.0["params"])?;
        if step.text("do") == "service" {
            return Ok(of_resource(self.session.resource(name)?));
        }
        if step.text("do") == "pick" {
            let Some(Thing::Resources(all)) = self.things.get(step.text("on")) else {
                bail!("{} is no list", step.text("on"));
            };
            let at = step.number("at").context("at")?;
            return Ok(of_resource(
                all.get(at).context("there is none at that place")?.clone(),
            ));
        }
        let on = self.resource(step.text("on"))?;
        let told = match step.text("do") {
            "get" => return Ok(of_resource(on.get(name, self.filled(&step.0["ids"])?)?)),
            "action" => return of_outcome(on.action(name, params).await?).await,
            "reference" => return of_outcome(on.reference(name).await?).await,
            "attribute" => told(&on.attribute(name).await?),
            "load" => {
                on.load().await?;
                Json::Null
            }
            "data" => on.data().map_or(Json::Null, |data| told(&data)),
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
                let told = printed(&all);
                return Ok((Thing::Resources(all), told));
            }
            "pages" => {
                let mut pages = self.collection(on, step)?.pages();
                let mut told = Vec::new();
                while let Some(page) = pages.next().await {
                    told.push(printed(&page?));
                }
                Json::from(told)
            }
            "batch" => {
                let collection = self.collection(on, step)?;
                let outputs = collection.batch(step.text("action"), params).await?;
                outputs.iter().map(|output| told(&output.value)).collect()
            }
            "paginate" => {
                let full = self.pages(on, step, params)?.build_full_result().await?;
                let shown = told(&full);
                return Ok((Thing::Value(full), shown));
            }
            "search" => {
                let found = self
                    .pages(on, step, params)?
                    .search(step.text("expression"));
                found.collect().await?.iter().map(told).collect()
            }
            "client_wait" => {
                let attempts = step.number("attempts").context("attempts")?;
                let wait = on.client().wait(name, params).delay(Duration::ZERO);
                wait.max_attempts(u32::try_from(attempts)?).await?;
                Json::Null
            }
            other => bail!("there is no {other}"),
        };
        Ok((Thing::Value(Value::Null), told))
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

fn of_resource(resource: Resource) -> (Thing, Json) {
    let printed = Json::from(resource.to_string());
    (Thing::Resource(resource), printed)
}

fn printed(resources: &[Resource]) -> Json {
    resources.iter().map(ToString::to_string).collect()
}

async fn of_outcome(outcome: Outcome) -> Result<(Thing, Json)> {
    Ok(match outcome {
        Outcome::None => (Thing::Value(Value::Null), Json::Null),
        Outcome::Resource(resource) => of_resource(resource),
        Outcome::Resources(resources) => {
            let told = printed(&resources);
            (Thing::Resources(resources), told)
        }
        Outcome::Output(output) => {
            let mut told = told(&output.value);
            if let Some(body) = output.body {
                let text = body.collect(1 << 20).await?;
                told["Body"] = Json::from(String::from_utf8(text.to_vec())?);
            }
            (Thing::Value(output.value), told)
        }
    })
}

/// A value as the peer tells it.
fn told(value: &Value) -> Json {
    match value {
        Value::List(list) => list.iter().map(told).collect(),
        Value::Map(map) => Json::Object(
            map.iter()
                .map(|(key, value)| (key.to_string(), told(value)))
                .collect(),
        ),
        Value::Timestamp(_) => serde_json::json!({"time": 0}),
        Value::Blob(bytes) => Json::from(bytes.to_base64()),
        other => other.to_json(),
    }
}

/// Moments differ from run to run, and so do texts that tell them.
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

/// Whether a text is a moment: ISO 8601, or seconds or milliseconds of this century.
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
