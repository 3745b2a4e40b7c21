//! The trials: one per service, which makes each call on both sides and compares them.

use std::collections::{BTreeMap, VecDeque};
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use inia_core::Value;
use inia_model::{Catalog, Operation, ServiceModel};
use inia_protocol::Protocol;

use super::compare::{self, BodyFormat, Difference};
use super::exchange::{CallOutcome, Exchange, IniaClient, ResponseBytes, SentRequest};
use super::known::KnownDifferences;
use super::mistakes;
use super::params::{self, Extent};
use super::peer::Peer;
use super::random::Random;
use super::responses;
use super::tagged;

/// Default seed, to which the witnesses of known differences apply.
pub const DEFAULT_SEED: u64 = 1;
/// Number of pipelined jobs per peer.
const PIPELINED_JOBS: usize = 64;
/// Maximum number of differences in a failure message.
const MAX_SHOWN: usize = 25;
/// Regions, chosen at random.
const REGIONS: &[&str] = &[
    "us-east-1",
    "us-east-1",
    "us-west-2",
    "eu-central-1",
    "ap-southeast-2",
    "cn-north-1",
    "us-gov-west-1",
];

/// Scope of a run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The definitions are Smithy models.
    pub smithy: bool,
    pub seed: u64,
    /// All operations, or a sample per service.
    pub all: bool,
    /// Only operations whose name contains this.
    pub operation: Option<String>,
    /// The region, in place of a random one.
    pub region: Option<String>,
    /// File for all differences, one per line.
    pub report: Option<PathBuf>,
}

/// Input of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variant {
    pub name: &'static str,
    params: Extent,
    response: ExpectedResponse,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ExpectedResponse {
    Success(Extent),
    Error,
    /// None, because the parameters are invalid.
    Rejected,
}

/// The calls made for each operation.
pub const VARIANTS: &[Variant] = &[
    Variant {
        name: "all",
        params: Extent::All,
        response: ExpectedResponse::Success(Extent::All),
    },
    Variant {
        name: "required",
        params: Extent::Required,
        response: ExpectedResponse::Success(Extent::Required),
    },
    Variant {
        name: "half-1",
        params: Extent::Half,
        response: ExpectedResponse::Success(Extent::Half),
    },
    Variant {
        name: "half-2",
        params: Extent::Half,
        response: ExpectedResponse::Success(Extent::Half),
    },
    Variant {
        name: "error-1",
        params: Extent::Required,
        response: ExpectedResponse::Error,
    },
    Variant {
        name: "error-2",
        params: Extent::Required,
        response: ExpectedResponse::Error,
    },
    Variant {
        name: "invalid",
        params: Extent::Half,
        response: ExpectedResponse::Rejected,
    },
];

/// State shared by all trials.
pub struct Suite {
    pub plan: Plan,
    pub catalog: Arc<Catalog>,
    pub known: KnownDifferences,
    peers: PathBuf,
    workspace: PathBuf,
    idle: Mutex<Vec<Peer>>,
    tally: Mutex<Tally>,
    report: Option<Mutex<std::fs::File>>,
}

/// Counters of a run.
#[derive(Debug, Default)]
pub struct Tally {
    pub services: usize,
    pub operations: usize,
    pub calls: usize,
    pub outputs: usize,
    pub errors: usize,
    pub refusals: usize,
    pub failures: usize,
    /// Bodies with equal contents but different bytes.
    pub other_bytes: usize,
    /// Known differences by reason.
    pub known: BTreeMap<String, usize>,
    pub unexplained: usize,
}

/// A call whose peer result is pending.
struct Pending<'m> {
    operation: &'m Operation,
    variant: &'static Variant,
    exchange: Exchange,
    params: String,
    response: ResponseBytes,
}

impl Suite {
    pub fn new(
        plan: Plan,
        catalog: Arc<Catalog>,
        peers: PathBuf,
        workspace: PathBuf,
    ) -> Result<Suite, String> {
        let report = match &plan.report {
            Some(path) => {
                let file = std::fs::File::create(path)
                    .map_err(|error| format!("{}: {error}", path.display()))?;
                Some(Mutex::new(file))
            }
            None => None,
        };
        let known = KnownDifferences::load(&workspace, plan.smithy);
        Ok(Suite {
            plan,
            catalog,
            known,
            peers,
            workspace,
            idle: Mutex::default(),
            tally: Mutex::default(),
            report,
        })
    }

    pub fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stops the peers.
    pub fn finish(&self) {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    /// Lends a peer for some jobs.
    pub fn with_peer<T>(
        &self,
        use_it: impl FnOnce(&Peer) -> Result<T, String>,
    ) -> Result<T, String> {
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let peer = match idle {
            Some(peer) => peer,
            None => Peer::start(&self.peers, &self.workspace)?,
        };
        let result = use_it(&peer)?;
        // A peer with an error may have unread results and is not reused.
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(peer);
        Ok(result)
    }

    /// Returns the operations of a service in this run.
    pub fn operations<'m>(&self, model: &'m ServiceModel) -> Vec<&'m Operation> {
        let names = |operation: &&Operation| {
            self.plan
                .operation
                .as_ref()
                .is_none_or(|part| operation.name.contains(part.as_str()))
        };
        let mut operations: Vec<&Operation> = model.operations().filter(names).collect();
        if self.plan.all || self.plan.operation.is_some() {
            return operations;
        }
        let size = 2 + operations.len() / 100;
        let mut random = Random::new(self.plan.seed, &[model.name(), "sample"]);
        random.shuffle(&mut operations);
        let witnesses = self.known.witnesses(model.name());
        let mut position = 0;
        operations.retain(|operation| {
            position += 1;
            position <= size || witnesses.contains(operation.name.as_str())
        });
        operations
    }

    /// Makes the calls of a service and compares them.
    pub fn service(&self, name: &str) -> Result<(), String> {
        let model = self
            .catalog
            .service(name, None)
            .map_err(|error| error.to_string())?;
        let protocol = Protocol::of(model.metadata()).map_err(|error| error.to_string())?;
        let random = *Random::new(self.plan.seed, &[name, "region"]).pick(REGIONS);
        let region = self.plan.region.as_deref().unwrap_or(random);
        let ours =
            IniaClient::new(&self.catalog, name, region).map_err(|error| error.to_string())?;
        let operations = self.operations(&model);
        let mut trial = Trial {
            suite: self,
            model: &model,
            protocol,
            region,
            ours,
            tally: Tally::default(),
            hits: BTreeMap::new(),
            unexplained: Vec::new(),
        };
        let mut pending = VecDeque::new();
        self.with_peer(|peer| {
            for operation in &operations {
                for variant in VARIANTS {
                    if let Some((job, call)) = trial.begin(operation, variant) {
                        peer.send(job);
                        pending.push_back(call);
                    }
                    if pending.len() > PIPELINED_JOBS
                        && let Some(call) = pending.pop_front()
                    {
                        trial.end(call, peer.receive()?)?;
                    }
                }
            }
            while let Some(call) = pending.pop_front() {
                trial.end(call, peer.receive()?)?;
            }
            Ok(())
        })?;
        let stale = trial.stale_rows(&operations);
        let Trial {
            tally, unexplained, ..
        } = trial;
        self.tally().add(tally, operations.len());
        if unexplained.is_empty() && stale.is_empty() {
            return Ok(());
        }
        let shown: Vec<String> = unexplained.iter().take(MAX_SHOWN).cloned().collect();
        let more = unexplained.len().saturating_sub(MAX_SHOWN);
        let more = if more > 0 {
            format!("\n... and {more} more")
        } else {
            String::new()
        };
        Err(format!(
            "{} differences (seed {}, {region}):\n{}{more}{stale}",
            unexplained.len(),
            self.plan.seed,
            shown.join("\n")
        ))
    }

    fn write_report(&self, line: &str) {
        if let Some(report) = &self.report {
            let mut file = report.lock().unwrap_or_else(PoisonError::into_inner);
            writeln!(file, "{line}").expect("the report is writable");
        }
    }
}

/// The trial of one service.
struct Trial<'m> {
    suite: &'m Suite,
    model: &'m ServiceModel,
    protocol: Protocol,
    region: &'m str,
    ours: IniaClient,
    tally: Tally,
    /// Number of uses of each known difference, by row and operation.
    hits: BTreeMap<(usize, String), usize>,
    unexplained: Vec<String>,
}

impl Trial<'_> {
    /// Makes a call with inia and returns the job for the peer.
    fn begin<'o>(
        &mut self,
        operation: &'o Operation,
        variant: &'static Variant,
    ) -> Option<(Vec<u8>, Pending<'o>)> {
        let (model, protocol) = (self.model, self.protocol);
        // botocore does not support operations with bidirectional streams.
        if model.event_stream_input(operation).is_some() {
            return None;
        }
        let mut random = Random::new(
            self.suite.plan.seed,
            &[model.name(), &operation.name, variant.name],
        );
        let mut params =
            params::ParamGenerator::new(model, operation, protocol, variant.params, &mut random)
                .params();
        let response = match variant.response {
            ExpectedResponse::Success(extent) => {
                responses::ResponseGenerator::new(model, operation, protocol, extent, &mut random)
                    .success()
            }
            ExpectedResponse::Error => responses::ResponseGenerator::new(
                model,
                operation,
                protocol,
                Extent::Half,
                &mut random,
            )
            .error(),
            // Without input there are no invalid parameters.
            ExpectedResponse::Rejected if operation.input.is_none() => return None,
            ExpectedResponse::Rejected => {
                mistakes::invalidate(model, operation, &mut params, &mut random);
                ResponseBytes {
                    status: 200,
                    ..ResponseBytes::default()
                }
            }
        };
        let mut job = Vec::new();
        job.extend(b"{\"service\":");
        tagged::write_text(model.name(), &mut job);
        job.extend(b",\"region\":");
        tagged::write_text(self.region, &mut job);
        job.extend(b",\"operation\":");
        tagged::write_text(&operation.name, &mut job);
        job.extend(b",\"params\":");
        let start = job.len();
        tagged::write(&params, &mut job);
        let text = String::from_utf8_lossy(&job[start..]).into_owned();
        job.extend(
            format!(
                ",\"response\":{{\"status\":{},\"headers\":[",
                response.status
            )
            .as_bytes(),
        );
        for (index, (name, value)) in response.headers.iter().enumerate() {
            if index > 0 {
                job.push(b',');
            }
            job.push(b'[');
            tagged::write_text(name, &mut job);
            job.push(b',');
            tagged::write_text(value, &mut job);
            job.push(b']');
        }
        job.extend(b"],\"body\":");
        tagged::write_bytes(&response.body, &mut job);
        job.extend(b"}}");
        let exchange = self.ours.call(operation, params, &response);
        Some((
            job,
            Pending {
                operation,
                variant,
                exchange,
                params: text,
                response,
            },
        ))
    }

    /// Compares a call with the peer's result.
    fn end(&mut self, call: Pending<'_>, theirs: Value) -> Result<(), String> {
        let Pending {
            operation,
            variant,
            exchange,
            params,
            response,
        } = call;
        let Value::Map(theirs) = theirs else {
            return Err(format!("unexpected result of the peer: {theirs:?}"));
        };
        self.tally.calls += 1;
        match &exchange.outcome {
            CallOutcome::Output(_) => self.tally.outputs += 1,
            CallOutcome::Error(_) => self.tally.errors += 1,
            CallOutcome::Failure { .. } if variant.response == ExpectedResponse::Rejected => {
                self.tally.refusals += 1
            }
            CallOutcome::Failure { .. } => self.tally.failures += 1,
        }
        let requests = theirs.get("requests").map(sent).unwrap_or_default();
        let mut differences = Vec::new();
        let format = BodyFormat::of(self.protocol, self.model, operation);
        if !compare::requests(format, &exchange.requests, &requests, &mut differences) {
            self.tally.other_bytes += 1;
        }
        compare::outcomes(&exchange.outcome, &theirs, &mut differences);
        for difference in differences {
            self.record_difference(operation, variant, &difference, &params, &response);
        }
        Ok(())
    }

    fn record_difference(
        &mut self,
        operation: &Operation,
        variant: &Variant,
        difference: &Difference,
        params: &str,
        response: &ResponseBytes,
    ) {
        let service = self.model.name().as_str();
        let row = self.suite.known.row(service, &operation.name, difference);
        if let Some(row) = row {
            *self
                .hits
                .entry((row, operation.name.to_string()))
                .or_default() += 1;
            *self
                .tally
                .known
                .entry(self.suite.known.reason(row).to_owned())
                .or_default() += 1;
            return;
        }
        let id = format!("{service}.{}/{}", operation.name, variant.name);
        let line = serde_json::json!({
            "id": id, "protocol": self.protocol.name(), "place": difference.path, "ours": difference.ours, "theirs": difference.theirs,
            "params": params, "status": response.status, "headers": response.headers, "body": String::from_utf8_lossy(&response.body),
        });
        self.suite.write_report(&line.to_string());
        self.tally.unexplained += 1;
        self.unexplained.push(format!("{id}: {difference}"));
    }

    /// Describes known differences whose witness is among the operations and no longer differs.
    fn stale_rows(&self, operations: &[&Operation]) -> String {
        let mut stale = String::new();
        for (row, reason, witness) in self.suite.known.of_witness(self.model.name()) {
            let ran = operations
                .iter()
                .any(|operation| operation.name == *witness);
            if ran
                && self.suite.plan.seed == self.suite.known.seed(row).unwrap_or(DEFAULT_SEED)
                && !self.hits.contains_key(&(row, witness.to_owned()))
            {
                stale.push_str(&format!("\n{witness} no longer differs: remove the row from the list of known differences (\"{reason}\")"));
            }
        }
        stale
    }
}

impl Tally {
    fn add(&mut self, other: Tally, operations: usize) {
        self.services += 1;
        self.operations += operations;
        self.calls += other.calls;
        self.outputs += other.outputs;
        self.errors += other.errors;
        self.refusals += other.refusals;
        self.failures += other.failures;
        self.other_bytes += other.other_bytes;
        self.unexplained += other.unexplained;
        for (reason, count) in other.known {
            *self.known.entry(reason).or_default() += count;
        }
    }

    /// Prints the counters of a run.
    pub fn print(&self, started: Instant) {
        eprintln!(
            "{} services, {} operations, {} calls on both sides in {:.0} s:",
            self.services,
            self.operations,
            self.calls,
            started.elapsed().as_secs_f64()
        );
        eprintln!(
            "  {} outputs, {} errors, {} rejected parameters, {} other failures; {} requests equal in content but not in bytes",
            self.outputs, self.errors, self.refusals, self.failures, self.other_bytes
        );
        for (reason, count) in &self.known {
            eprintln!("  {count} known differences: {reason}");
        }
        eprintln!("  {} unexplained differences", self.unexplained);
    }
}

/// The requests of the other side's line.
fn sent(requests: &Value) -> Vec<SentRequest> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    requests
        .items()
        .map(|request| SentRequest {
            method: text(&request["method"]),
            url: text(&request["url"]),
            headers: request["headers"]
                .items()
                .map(|header| (text(&header[0]).to_ascii_lowercase(), text(&header[1])))
                .collect(),
            body: request["body"].as_blob().unwrap_or_default().to_vec(),
        })
        .collect()
}
