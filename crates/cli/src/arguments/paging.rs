//! Pagination options.

use inia::model::{PaginatorModel, snake_case};

use super::OperationArguments;
use super::option::{Arity, OptionGroup, OptionRow};
use crate::customization::{self, OperationCommand};
use crate::status::CliError;

const MAX_ITEMS: &str = "max-items";
const PAGE_SIZE: &str = "page-size";
const STARTING_TOKEN: &str = "starting-token";

/// Options of operations with a paginator. They hide parameters of the operation with the same name.
///
/// # Source
/// The AWS CLI, `customizations/paginate.py`. DIFFERENCE: `--page-size` and `--starting-token` do not turn pagination off where
/// the operation has parameters with these names.
#[derive(Debug, Default)]
pub(crate) struct PagingOptions {
    is_single_page: bool,
    max_items: Option<String>,
    page_size: Option<String>,
    starting_token: Option<String>,
}

impl OptionGroup for PagingOptions {
    const OPTIONS: &'static [OptionRow<Self>] = &[
        OptionRow {
            name: MAX_ITEMS,
            arity: Arity::One,
            set: |options, value| {
                options.max_items = Some(value);
                Ok(())
            },
        },
        OptionRow {
            name: "no-paginate",
            arity: Arity::Flag,
            set: |options, _| {
                options.is_single_page = true;
                Ok(())
            },
        },
        OptionRow {
            name: PAGE_SIZE,
            arity: Arity::One,
            set: |options, value| {
                options.page_size = Some(value);
                Ok(())
            },
        },
        OptionRow {
            name: STARTING_TOKEN,
            arity: Arity::One,
            set: |options, value| {
                options.starting_token = Some(value);
                Ok(())
            },
        },
    ];
}

/// Limits of a pagination.
#[derive(Debug, Default)]
pub(crate) struct PageLimits {
    pub(crate) max_items: Option<usize>,
    pub(crate) page_size: Option<u64>,
    pub(crate) starting_token: Option<String>,
}

impl PagingOptions {
    /// Returns the limits of the pagination; `None` if only one page is requested, because of `--no-paginate` or because the
    /// parameters contain a token or a limit. Options that are not the paginator's then are parameters of the operation.
    ///
    /// # Errors
    /// If an option applies neither to the pagination nor to the operation, or is not a number.
    pub(crate) fn resolve(
        self,
        paginator: &PaginatorModel,
        command: OperationCommand<'_>,
        arguments: &mut OperationArguments,
    ) -> Result<Option<PageLimits>, CliError> {
        let parameters = paginator.input_tokens.iter().chain(&paginator.limit_key);
        let manual = parameters
            .map(|name| name.as_str())
            .find(|name| {
                let params = &arguments.params;
                params.get(name).is_some() || params.get(&snake_case(name)).is_some()
            })
            .map(|name| format!("the parameter {name}"))
            .or_else(|| {
                customization::requests_single_page(command, &arguments.params)
                    .then(|| "this parameter".to_owned())
            });
        let single_page = match (self.is_single_page, manual) {
            (true, _) => Some("--no-paginate".to_owned()),
            (false, manual) => manual,
        };
        let has_limit = paginator.limit_key.is_some();
        let mut limits = PageLimits::default();
        for (name, text, is_paging) in [
            (MAX_ITEMS, self.max_items, true),
            (PAGE_SIZE, self.page_size, has_limit),
            (STARTING_TOKEN, self.starting_token, true),
        ] {
            let Some(text) = text else { continue };
            match &single_page {
                None if is_paging => limits.set(name, text)?,
                _ if arguments.set_option(command, name, &text)? => {}
                None => {
                    return Err(CliError::usage(format!(
                        "--{name} has no effect: {} has no page size",
                        command.operation.name
                    )));
                }
                Some(reason) => {
                    return Err(CliError::usage(format!(
                        "--{name} cannot be combined with {reason}, which requests a single page"
                    )));
                }
            }
        }
        if limits.page_size.is_none() {
            limits.page_size = customization::default_page_size(command, &arguments.params);
        }
        Ok(single_page.is_none().then_some(limits))
    }
}

impl PageLimits {
    fn set(&mut self, name: &str, text: String) -> Result<(), CliError> {
        match name {
            MAX_ITEMS => self.max_items = Some(count(name, &text)?),
            PAGE_SIZE => self.page_size = Some(count(name, &text)?),
            _ => self.starting_token = Some(text),
        }
        Ok(())
    }
}

/// The paging option of operations without a paginator, which always return a single page.
#[derive(Debug, Default)]
pub(crate) struct SinglePageOption;

impl OptionGroup for SinglePageOption {
    const OPTIONS: &'static [OptionRow<Self>] = &[OptionRow {
        name: "no-paginate",
        arity: Arity::Flag,
        set: |_, _| Ok(()),
    }];
}

/// Options of resource collections.
#[derive(Debug, Default)]
pub(crate) struct CollectionOptions {
    /// Maximum number of resources.
    pub(crate) limit: Option<usize>,
    pub(crate) page_size: Option<u64>,
}

impl CollectionOptions {
    fn set_limit(&mut self, name: &str, text: &str) -> Result<(), CliError> {
        if self.limit.is_some() {
            return Err(CliError::usage(format!(
                "--limit and --{MAX_ITEMS} are the same option: give one of them, once"
            )));
        }
        self.limit = Some(count(name, text)?);
        Ok(())
    }
}

impl OptionGroup for CollectionOptions {
    const OPTIONS: &'static [OptionRow<Self>] = &[
        OptionRow {
            name: "limit",
            arity: Arity::One,
            set: |options, value| options.set_limit("limit", &value),
        },
        OptionRow {
            name: MAX_ITEMS,
            arity: Arity::One,
            set: |options, value| options.set_limit(MAX_ITEMS, &value),
        },
        OptionRow {
            name: PAGE_SIZE,
            arity: Arity::One,
            set: |options, value| {
                options.page_size = Some(count(PAGE_SIZE, &value)?);
                Ok(())
            },
        },
    ];
}

fn count<N: std::str::FromStr>(name: &str, text: &str) -> Result<N, CliError> {
    text.parse()
        .map_err(|_| CliError::usage(format!("--{name}: {text:?} is not a non-negative integer")))
}
