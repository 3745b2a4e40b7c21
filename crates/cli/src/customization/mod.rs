//! Customizations of the AWS CLI: other names than those of the definitions, further arguments, and rules between them.
//!
//! ```text
//! spelling    names of services, operations and options
//! argument    rows of arguments, and of rules between arguments
//! request     completion of parameters before a call
//! response    files that are written from an output, and changes of the output
//! ```
//! A service has a file of its own where rows need code.

mod argument;
mod cloudfront;
mod cloudsearch;
mod cloudwatch;
mod ec2;
mod iam;
mod lambda;
mod member_path;
mod request;
mod response;
pub(crate) mod spelling;

pub(crate) use argument::{
    CustomArgument, CustomKind, arguments, check, check_structure, fix, hidden, required,
};
pub(crate) use member_path::MemberPath;
pub(crate) use request::{
    check_endpoint, complete, default_page_size, is_set_later, requests_single_page,
};
pub(crate) use response::{apply_to_output, output_files};

use inia::model::{Operation, ServiceModel, kebab_case};

/// An operation as a command: rows of tables are found by these names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OperationCommand<'m> {
    pub(crate) model: &'m ServiceModel,
    pub(crate) operation: &'m Operation,
    /// Name on the command line: `describe-instances`.
    pub(crate) name: &'m str,
}

impl OperationCommand<'_> {
    /// Returns the service's name in the definitions.
    pub(crate) fn service(&self) -> &str {
        self.model.name()
    }

    /// Reports whether a row for a service and some operations applies. Without operations, a row applies to all of the service.
    pub(crate) fn is_one_of(&self, service: &str, operations: &[&str]) -> bool {
        self.service() == service && (operations.is_empty() || operations.contains(&self.name))
    }
}

/// Returns a session with the built-in definitions, which rows are compared with.
#[cfg(test)]
fn test_session() -> inia::Session {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let session = inia::Session::builder().region("us-east-1").load();
    runtime.block_on(session).unwrap()
}

/// Returns the name of an operation on the command line: the typed one if it is an operation of its own there.
pub(crate) fn command_name(model: &ServiceModel, operation: &Operation, typed: &str) -> String {
    if spelling::operation_name(model.name(), typed) == typed {
        kebab_case(&operation.name)
    } else {
        typed.to_owned()
    }
}
