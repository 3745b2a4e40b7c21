//! `inia resource`: services as things that have identifiers, data and actions, and that lead to each other.
//!
//! ```text
//! inia resource                                       services with resources
//! inia resource s3                                    what the service has
//! inia resource s3 Bucket                             what a bucket has
//! inia resource s3 Bucket logs                        one bucket: identifiers and attributes
//! inia resource s3 Bucket logs creation_date          an attribute
//! inia resource s3 Bucket logs objects --limit 5      a collection
//! inia resource s3 Bucket logs Object a.txt get -     a sub-resource, and an action
//! inia resource ec2 Instance i-1 subnet vpc id        references
//! inia resource ec2 Instance i-1 wait-until-running   a wait
//! ```

use inia::jmespath::Expression;
use inia::{Client, Outcome, Resource, ResourcePart, Value};

use crate::arguments::{Arguments, OperationArguments};
use crate::command::{call, describe};
use crate::output;
use crate::status::Failure;

/// The option that ends a collection after so many resources.
const LIMIT: &str = "limit";

/// Prints or does what the rest of the command line says.
pub(crate) async fn run(mut arguments: Arguments) -> Result<(), Failure> {
    let Some(service) = arguments.word()? else {
        let session = crate::session(&arguments).await?;
        let services = session.available_resources();
        return describe::print(services.iter().map(|name| name.to_string()));
    };
    let service = crate::service_of(&service);
    let session = arguments.preview_global().session().load().await?;
    let mut resource = session.resource(service)?;
    let printer = Printer::of(&arguments, resource.client())?;
    let Some(mut word) = arguments.word()? else {
        return printer.print(&resource.describe(), "resource");
    };
    // The name of a resource alone asks what such resources have.
    if arguments.is_at_words_end() && resource.part(&spelt(&word)).is_none_or(is_subresource) {
        let told = resource.client().describe_resource(Some(&word))?;
        return printer.print(&told, &word);
    }
    loop {
        let name = spelt(&word);
        let Some(part) = resource.part(&name) else {
            return Err(unknown(&resource, &word));
        };
        resource = match part {
            ResourcePart::Identifier | ResourcePart::Attribute => {
                arguments.end()?;
                let value = resource.attribute(&name).await?;
                return printer.print(&value, &word);
            }
            ResourcePart::Subresource => {
                let mut identifiers = Vec::new();
                for wanted in missing_identifiers(&resource, &name)? {
                    let given = arguments.word()?.ok_or_else(|| {
                        Failure::usage(format!("{word} wants its {wanted} behind its name"))
                    })?;
                    identifiers.push(Value::from(given));
                }
                resource.get(&name, Value::from_iter(identifiers))?
            }
            ResourcePart::Reference => match resource.reference(&name).await? {
                Outcome::Resource(found) => found,
                other => {
                    arguments.end()?;
                    return printer.print(&outcome(other).await?, &word);
                }
            },
            ResourcePart::Collection => {
                return collection(arguments, &resource, &name, &printer).await;
            }
            ResourcePart::Action => return action(arguments, &resource, &name, &printer).await,
            ResourcePart::Waiter => {
                arguments.end()?;
                resource.wait_until(&name, Value::map()).await?;
                return Ok(());
            }
        };
        match arguments.word()? {
            Some(next) => word = next,
            None => {
                if can_load(&resource) {
                    resource.loaded().await?;
                }
                return printer.print(&row(&resource), resource.name());
            }
        }
    }
}

/// A name as definitions and their users spell it: hyphens are for the shell.
fn spelt(word: &str) -> String {
    word.replace('-', "_")
}

fn is_subresource(part: ResourcePart) -> bool {
    part == ResourcePart::Subresource
}

#[cold]
fn unknown(resource: &Resource, word: &str) -> Failure {
    let told = resource.describe();
    let kinds = [
        "attributes",
        "actions",
        "sub_resources",
        "references",
        "collections",
        "waiters",
    ];
    let names: Vec<&str> = kinds
        .iter()
        .filter_map(|kind| told.get(kind))
        .flat_map(Value::items)
        .filter_map(|part| part.get("name")?.as_str())
        .collect();
    Failure::usage(format!(
        "{resource} has no {word:?}{}",
        inia::did_you_mean(&spelt(word), names)
    ))
}

/// The identifiers that a sub-resource does not have from its parent.
fn missing_identifiers(resource: &Resource, name: &str) -> Result<Vec<String>, Failure> {
    let relation = resource.model().subresource(name)?;
    let told = resource.describe();
    let relations = told.get("sub_resources").into_iter().flat_map(Value::items);
    let identifiers = relations
        .filter(|one| one.get("name").and_then(Value::as_str) == Some(&relation.name))
        .filter_map(|one| one.get("identifiers"))
        .flat_map(Value::items)
        .filter_map(Value::as_str)
        .map(str::to_owned);
    Ok(identifiers.collect())
}

fn can_load(resource: &Resource) -> bool {
    resource
        .describe()
        .get("load")
        .is_some_and(|load| !load.is_null())
}

/// A resource as it is printed: its identifiers, and the attributes that are loaded.
fn row(resource: &Resource) -> Value {
    let data = resource.data();
    let mut row = inia::Map::new();
    for (name, value) in resource.identifiers() {
        row.insert(name.clone(), value.clone());
    }
    for attribute in &resource.model().attributes {
        let value = data.as_ref().and_then(|data| data.get(&attribute.member));
        if let Some(value) = value
            && !row.contains_key(&attribute.name)
        {
            row.insert(attribute.name.clone(), value.clone());
        }
    }
    Value::Map(row)
}

async fn outcome(outcome: Outcome) -> Result<Value, Failure> {
    Ok(match outcome {
        Outcome::None => Value::Null,
        Outcome::Output(output) => output.value,
        Outcome::Resource(resource) => row(&resource),
        Outcome::Resources(resources) => resources.iter().map(row).collect(),
    })
}

/// Lists a collection. What its operation takes are options: they narrow it down.
async fn collection(
    mut arguments: Arguments,
    resource: &Resource,
    name: &str,
    printer: &Printer,
) -> Result<(), Failure> {
    let limit =
        match arguments.take_option(LIMIT)? {
            None => None,
            Some(number) => Some(number.parse().map_err(|_| {
                Failure::usage(format!("--{LIMIT}: {number:?} is not a whole number"))
            })?),
        };
    let model = std::sync::Arc::clone(resource.client().model());
    let found = resource.model().collection(name)?;
    let operation = model.operation(&found.request.operation)?;
    let given = OperationArguments::read(&mut arguments, &model, operation)?;
    if let Some(word) = given.words.first() {
        return Err(Failure::usage(format!("{word:?} belongs to no option")));
    }
    let mut listed = resource.collection(name).filter(given.params);
    if let Some(limit) = limit {
        listed = listed.limit(limit);
    }
    if let Some(size) = given.paging.page_size {
        listed = listed.page_size(size);
    }
    let mut items = listed.iter();
    let mut rows = Vec::new();
    while let Some(item) = items.next().await {
        rows.push(row(&item?));
    }
    printer.print(&Value::from_iter(rows), name)
}

/// Does something. What its operation takes and the resource does not fill in are options.
async fn action(
    mut arguments: Arguments,
    resource: &Resource,
    name: &str,
    printer: &Printer,
) -> Result<(), Failure> {
    let model = std::sync::Arc::clone(resource.client().model());
    let told = resource.describe();
    let actions = told.get("actions").into_iter().flat_map(Value::items);
    let operation = actions
        .filter(|one| one.get("name").and_then(Value::as_str) == Some(name))
        .find_map(|one| one.get("operation")?.as_str());
    let operation = match operation {
        Some(operation) => model.operation(operation)?,
        None => model.operation(&resource.model().action(name)?.request.operation)?,
    };
    let given = OperationArguments::read(&mut arguments, &model, operation)?;
    let outfile = call::outfile(&model, operation, &given)?;
    let body = given.open_body().await?;
    let mut action = resource.action(name, given.params);
    if let Some(body) = body {
        action = action.body(body);
    }
    let done = action.await.map_err(|error| Failure::Call {
        operation: operation.name.to_string(),
        error,
    })?;
    let value = match done {
        Outcome::Output(answer) => {
            let value = call::receive(*answer, outfile.as_deref(), &model, operation).await?;
            if outfile.as_deref() == Some(call::STANDARD_OUTPUT) {
                return Ok(());
            }
            value
        }
        other => outcome(other).await?,
    };
    if value.is_null() || value.as_map().is_some_and(inia::Map::is_empty) {
        return Ok(());
    }
    printer.print(&value, &operation.name)
}

/// How the command prints.
struct Printer {
    format: crate::arguments::OutputFormat,
    query: Option<Expression>,
}

impl Printer {
    /// What the options and the settings say, those ahead on the line among them.
    fn of(arguments: &Arguments, client: &Client) -> Result<Self, Failure> {
        let global = arguments.preview_global();
        Ok(Printer {
            format: call::output_format(&global, client)?,
            query: global
                .query
                .as_deref()
                .map(Expression::compile)
                .transpose()?,
        })
    }

    fn print(&self, value: &Value, title: &str) -> Result<(), Failure> {
        match &self.query {
            None => output::print(value, self.format, title),
            Some(query) => {
                let found = query.search(value)?;
                output::print(&found, self.format, title)
            }
        }
    }
}
