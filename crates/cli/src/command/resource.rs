//! `inia resource`: the resources of a service, with their identifiers, attributes, actions and relations.
//!
//! ```text
//! inia resource                                       services with resources
//! inia resource s3                                    describe the service resource
//! inia resource s3 Bucket                             describe the Bucket resource
//! inia resource s3 Bucket logs                        one bucket: identifiers and attributes
//! inia resource s3 Bucket logs creation_date          an attribute
//! inia resource s3 Bucket logs objects --limit 5      a collection
//! inia resource s3 Bucket logs Object a.txt get -     a sub-resource and an action
//! inia resource ec2 Instance i-1 subnet vpc id        references
//! inia resource ec2 Instance i-1 wait-until-running   a waiter
//! ```

use inia::jmespath::Expression;
use inia::{Client, Resource, ResourceOutcome, ResourcePart, Value};

use crate::arguments::{Arguments, OperationArguments};
use crate::command::{call, describe};
use crate::output;
use crate::status::CliError;

/// Option that limits the number of resources of a collection.
const LIMIT: &str = "limit";

/// Runs `inia resource` with the remaining arguments.
pub(crate) async fn run(mut arguments: Arguments) -> Result<(), CliError> {
    let Some(service) = arguments.positional()? else {
        let session = crate::session(&arguments).await?;
        let services = session.available_resources();
        return describe::print(services.iter().map(|name| name.to_string()));
    };
    let service = crate::service_name(&service);
    let session = arguments.preview_global().session().load().await?;
    let mut resource = session.resource(service)?;
    let printer = Printer::of(&arguments, resource.client())?;
    let Some(mut argument) = arguments.positional()? else {
        return printer.print(&resource.describe(), "resource");
    };
    // A resource name without identifiers describes that resource.
    if arguments.is_last_positional()
        && resource
            .part(&to_snake_case(&argument))
            .is_none_or(is_subresource)
    {
        let description = resource.client().describe_resource(Some(&argument))?;
        return printer.print(&description, &argument);
    }
    loop {
        let name = to_snake_case(&argument);
        let Some(part) = resource.part(&name) else {
            return Err(unknown(&resource, &argument));
        };
        resource = match part {
            ResourcePart::Identifier | ResourcePart::Attribute => {
                arguments.finish()?;
                let value = resource.attribute(&name).await?;
                return printer.print(&value, &argument);
            }
            ResourcePart::Subresource => {
                let mut identifiers = Vec::new();
                for identifier in missing_identifiers(&resource, &name)? {
                    let value = arguments.positional()?.ok_or_else(|| {
                        CliError::usage(format!(
                            "{argument} requires its {identifier} after the name"
                        ))
                    })?;
                    identifiers.push(Value::from(value));
                }
                resource.get(&name, Value::from_iter(identifiers))?
            }
            ResourcePart::Reference => match resource.reference(&name).await? {
                ResourceOutcome::Resource(target) => target,
                other => {
                    arguments.finish()?;
                    return printer.print(&outcome(other).await?, &argument);
                }
            },
            ResourcePart::Collection => {
                return collection(arguments, &resource, &name, &printer).await;
            }
            ResourcePart::Action => return action(arguments, &resource, &name, &printer).await,
            ResourcePart::Waiter => {
                arguments.finish()?;
                resource.wait_until(&name, Value::map()).await?;
                return Ok(());
            }
        };
        match arguments.positional()? {
            Some(next) => argument = next,
            None => {
                if can_load(&resource) {
                    resource.loaded().await?;
                }
                return printer.print(&row(&resource), resource.name());
            }
        }
    }
}

/// Converts a kebab-case argument to the snake_case of resource definitions.
fn to_snake_case(word: &str) -> String {
    word.replace('-', "_")
}

fn is_subresource(part: ResourcePart) -> bool {
    part == ResourcePart::Subresource
}

#[cold]
fn unknown(resource: &Resource, argument: &str) -> CliError {
    let description = resource.describe();
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
        .filter_map(|kind| description.get(kind))
        .flat_map(Value::items)
        .filter_map(|part| part.get("name")?.as_str())
        .collect();
    CliError::usage(format!(
        "{resource} has no {argument:?}{}",
        inia::did_you_mean(&to_snake_case(argument), names)
    ))
}

/// Returns the identifiers of a sub-resource that are not inherited from its parent.
fn missing_identifiers(resource: &Resource, name: &str) -> Result<Vec<String>, CliError> {
    let relation = resource.model().subresource(name)?;
    let description = resource.describe();
    let relations = description
        .get("sub_resources")
        .into_iter()
        .flat_map(Value::items);
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

/// Returns the identifiers and the loaded attributes of a resource.
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

async fn outcome(outcome: ResourceOutcome) -> Result<Value, CliError> {
    Ok(match outcome {
        ResourceOutcome::None => Value::Null,
        ResourceOutcome::Output(output) => output.value,
        ResourceOutcome::Resource(resource) => row(&resource),
        ResourceOutcome::Resources(resources) => resources.iter().map(row).collect(),
    })
}

/// Lists a collection, filtered by options for the parameters of its operation.
async fn collection(
    mut arguments: Arguments,
    resource: &Resource,
    name: &str,
    printer: &Printer,
) -> Result<(), CliError> {
    let limit =
        match arguments.take_option(LIMIT)? {
            None => None,
            Some(number) => Some(number.parse().map_err(|_| {
                CliError::usage(format!("--{LIMIT}: {number:?} is not an integer"))
            })?),
        };
    let model = std::sync::Arc::clone(resource.client().model());
    let target = resource.model().collection(name)?;
    let operation = model.operation(&target.request.operation)?;
    let options = OperationArguments::read(&mut arguments, &model, operation)?;
    if let Some(argument) = options.positionals.first() {
        return Err(CliError::unexpected(argument));
    }
    let mut collection_query = resource.collection(name).filter(options.params);
    if let Some(limit) = limit {
        collection_query = collection_query.limit(limit);
    }
    if let Some(size) = options.paging.page_size {
        collection_query = collection_query.page_size(size);
    }
    let mut items = collection_query.iter();
    let mut rows = Vec::new();
    while let Some(item) = items.next().await {
        rows.push(row(&item?));
    }
    printer.print(&Value::from_iter(rows), name)
}

/// Runs an action. Parameters that the resource does not fill in are options.
async fn action(
    mut arguments: Arguments,
    resource: &Resource,
    name: &str,
    printer: &Printer,
) -> Result<(), CliError> {
    let model = std::sync::Arc::clone(resource.client().model());
    let description = resource.describe();
    let actions = description
        .get("actions")
        .into_iter()
        .flat_map(Value::items);
    let operation = actions
        .filter(|one| one.get("name").and_then(Value::as_str) == Some(name))
        .find_map(|one| one.get("operation")?.as_str());
    let operation = match operation {
        Some(operation) => model.operation(operation)?,
        None => model.operation(&resource.model().action(name)?.request.operation)?,
    };
    let options = OperationArguments::read(&mut arguments, &model, operation)?;
    let outfile = call::outfile(&model, operation, &options)?;
    let body = options.open_body().await?;
    let mut action = resource.action(name, options.params);
    if let Some(body) = body {
        action = action.body(body);
    }
    let result = action.await.map_err(|error| CliError::Call {
        operation: operation.name.to_string(),
        error,
    })?;
    let value = match result {
        ResourceOutcome::Output(response) => {
            let value = call::receive(*response, outfile.as_deref(), &model, operation).await?;
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

/// Output settings of the command.
struct Printer {
    format: crate::arguments::OutputFormat,
    query: Option<Expression>,
}

impl Printer {
    /// Reads the global options of the whole command line and the configured output format.
    fn of(arguments: &Arguments, client: &Client) -> Result<Self, CliError> {
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

    fn print(&self, value: &Value, title: &str) -> Result<(), CliError> {
        match &self.query {
            None => output::print(value, self.format, title),
            Some(query) => {
                let result = query.search(value)?;
                output::print(&result, self.format, title)
            }
        }
    }
}
