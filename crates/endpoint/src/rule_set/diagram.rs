//! Decision diagrams: the newer form of endpoint rules, in which each condition is evaluated at most once.
//!
//! ```text
//! conditions  [isSet(Endpoint), aws.partition(Region) -> Partition, ...]
//! results     [endpoint, error, ...]                  rules without conditions
//! nodes       [(condition, reference if true, reference if false), ...]   as base64, 12 bytes each
//! root        the first reference
//! ```
//!
//! # Source
//! <https://smithy.io/2.0/additional-specs/rules-engine/specification.html#smithy-rules-endpointbdd-trait>.

use inia_core::Result;
use inia_core::definition_node::DefinitionNode;
use inia_core::detail::blob_from_base64;
use inia_core::packed::{packed_enum, packed_struct};

/// Maximum number of nodes; S3's rules have about 500.
const MAX_NODES: usize = 1 << 18;
/// Bytes of a node: three numbers.
const NODE_SIZE: usize = 12;
/// First reference to a result.
const FIRST_RESULT: i64 = 100_000_000;

/// A compiled decision diagram. The results are the rules of its program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Diagram {
    /// Indexes of the expressions in the program.
    pub(crate) conditions: Vec<u16>,
    pub(crate) nodes: Vec<DiagramNode>,
    pub(crate) root: DiagramRef,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DiagramNode {
    /// Position of the condition.
    pub(crate) condition: u16,
    pub(crate) if_true: DiagramRef,
    pub(crate) if_false: DiagramRef,
}

/// A reference to the next step of an evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DiagramRef {
    /// No rule matches.
    NoMatch,
    /// Position of a result.
    Result(u16),
    /// Position of a node.
    Node(u32),
    /// Position of a node whose branches are swapped.
    Complement(u32),
}

packed_struct!(Diagram {
    conditions,
    nodes,
    root
});
packed_struct!(DiagramNode {
    condition,
    if_true,
    if_false
});
packed_enum!(DiagramRef {
    0 = NoMatch,
    1 = Result(result),
    2 = Node(node),
    3 = Complement(node),
});

impl Diagram {
    /// Parses the nodes of a diagram, whose conditions and results are compiled.
    pub(crate) fn parse(root: DefinitionNode<'_, '_>, conditions: Vec<u16>) -> Result<Self> {
        let text = root.require("nodes")?;
        let bytes = blob_from_base64(text.str()?).ok_or_else(|| text.error("not base64"))?;
        let (triples, rest) = bytes.as_chunks::<NODE_SIZE>();
        let count = root.require("nodeCount")?;
        if !rest.is_empty() || count.value().as_u64() != Some(triples.len() as u64) {
            let (expected, found) = (count.value(), bytes.len());
            return Err(text.error(format!(
                "{found} bytes for {expected} nodes of {NODE_SIZE} bytes"
            )));
        }
        if triples.len() > MAX_NODES {
            return Err(count.error(format!("more than {MAX_NODES} nodes")));
        }
        let mut nodes = Vec::with_capacity(triples.len());
        // The first node is a placeholder for the terminals and is never evaluated.
        for (position, triple) in triples.iter().enumerate().skip(1) {
            let [a, b, c, d, e, f, g, h, i, j, k, l] = *triple;
            let condition = i32::from_be_bytes([a, b, c, d]);
            let node = u16::try_from(condition).ok().and_then(|condition| {
                Some(DiagramNode {
                    condition,
                    if_true: DiagramRef::new(i32::from_be_bytes([e, f, g, h]).into())?,
                    if_false: DiagramRef::new(i32::from_be_bytes([i, j, k, l]).into())?,
                })
            });
            nodes.push(node.ok_or_else(|| text.error(format!("invalid node {position}")))?);
        }
        let first = root.require("root")?;
        let reference = first.value().as_i64().and_then(DiagramRef::new);
        Ok(Diagram {
            conditions,
            nodes,
            root: reference.ok_or_else(|| first.error("invalid reference"))?,
        })
    }

    /// Checks that all references exist; `results` is the number of results.
    pub(crate) fn check(&self, results: usize) -> std::result::Result<(), &'static str> {
        let is_valid = |reference: DiagramRef| match reference {
            DiagramRef::NoMatch => true,
            DiagramRef::Result(result) => usize::from(result) < results,
            DiagramRef::Node(node) | DiagramRef::Complement(node) => {
                (node as usize) < self.nodes.len()
            }
        };
        let is_valid_node = |node: &DiagramNode| {
            usize::from(node.condition) < self.conditions.len()
                && is_valid(node.if_true)
                && is_valid(node.if_false)
        };
        if is_valid(self.root) && self.nodes.iter().all(is_valid_node) {
            Ok(())
        } else {
            Err("decision diagram refers to a missing node, condition or result")
        }
    }
}

impl DiagramRef {
    /// Returns a reference as it is encoded: 1 and -1 match no rule, as does the first result, which is not listed. Other numbers are
    /// positions of nodes plus one, negative if their branches are swapped.
    fn new(encoded: i64) -> Option<Self> {
        match encoded {
            0 => None,
            1 | -1 | FIRST_RESULT => Some(DiagramRef::NoMatch),
            result if result > FIRST_RESULT => {
                let position = u16::try_from(result - FIRST_RESULT - 1).ok()?;
                Some(DiagramRef::Result(position))
            }
            // Without the first node.
            node if node > 0 => Some(DiagramRef::Node(u32::try_from(node - 2).ok()?)),
            node => {
                let position = node.checked_neg()? - 2;
                Some(DiagramRef::Complement(u32::try_from(position).ok()?))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use inia_core::detail::encode_base64;

    use crate::{EndpointParams, Partitions, RuleSet};

    /// Returns a diagram with two conditions and two results.
    fn diagram(root: i64, nodes: &[[i32; 3]]) -> inia_core::Result<RuleSet> {
        let numbers = nodes.iter().flatten();
        let bytes: Vec<u8> = numbers.flat_map(|number| number.to_be_bytes()).collect();
        let text = format!(
            r#"{{"version": "1.1", "parameters": {{"A": {{"type": "string"}}, "B": {{"type": "string"}}}},
                "conditions": [{{"fn": "isSet", "argv": [{{"ref": "A"}}]}},
                               {{"fn": "coalesce", "argv": [{{"ref": "B"}}, {{"ref": "A"}}], "assign": "either_1"}}],
                "results": [{{"type": "endpoint", "conditions": [], "endpoint": {{"url": "https://{{either_1}}"}}}},
                            {{"type": "error", "conditions": [], "error": "neither"}}],
                "root": {root}, "nodeCount": {}, "nodes": "{}"}}"#,
            nodes.len(),
            encode_base64(&bytes)
        );
        RuleSet::from_json(text.as_bytes())
    }

    const PARTITIONS: &[u8] = br#"{"partitions": [{"id": "aws", "regionRegex": "^us-1$", "regions": {}, "outputs": {}}]}"#;

    fn outcome(rules: &RuleSet, a: Option<&str>, b: Option<&str>) -> String {
        let partitions = Partitions::from_json(PARTITIONS).unwrap();
        let mut params = EndpointParams::new(rules);
        for (index, value) in [a, b].into_iter().enumerate() {
            if let Some(value) = value {
                params.set(index, value);
            }
        }
        match rules.evaluate(&partitions, &params) {
            Ok(endpoint) => endpoint.url.to_string(),
            Err(error) => error.to_string(),
        }
    }

    const TERMINAL: [i32; 3] = [-1, 1, -1];
    const ENDPOINT: i32 = 100_000_001;
    const ERROR: i32 = 100_000_002;

    #[test]
    fn follows_references_and_swaps_the_branches_of_complements() {
        // A set: no match; otherwise the second condition decides, with swapped branches.
        let rules = diagram(2, &[TERMINAL, [0, -1, -3], [1, ERROR, ENDPOINT]]).unwrap();
        assert_eq!(outcome(&rules, None, Some("b")), "https://b");
        assert_eq!(outcome(&rules, None, None), "neither");
        let partitions = Partitions::from_json(PARTITIONS).unwrap();
        let trace = rules.trace(&partitions, &EndpointParams::new(&rules));
        let second = "not(coalesce(B, A))";
        assert_eq!(trace.unwrap(), ["not(isSet(A))", second]);
        assert!(outcome(&rules, Some("a"), None).starts_with("No endpoint found"));
        let rules = diagram(100_000_000, &[TERMINAL]).unwrap();
        assert!(outcome(&rules, None, None).starts_with("No endpoint found"));
    }

    #[test]
    fn a_cycle_is_an_error() {
        let rules = diagram(2, &[TERMINAL, [0, 3, 3], [1, 2, 2]]).unwrap();
        assert_eq!(
            outcome(&rules, None, None),
            "the decision diagram has a cycle"
        );
    }

    #[test]
    fn rejects_invalid_nodes() {
        for (root, nodes, message) in [
            (0, vec![TERMINAL], "invalid reference"),
            (2, vec![TERMINAL], "refers to a missing node"),
            (2, vec![TERMINAL, [0, 4, 1]], "refers to a missing node"),
            (2, vec![TERMINAL, [2, 1, 1]], "refers to a missing node"),
            (
                2,
                vec![TERMINAL, [0, 100_000_003, 1]],
                "refers to a missing node",
            ),
            (2, vec![TERMINAL, [0, 0, 1]], "invalid node 1"),
            (2, vec![TERMINAL, [-1, 1, 1]], "invalid node 1"),
            (i64::MIN, vec![TERMINAL], "invalid reference"),
        ] {
            let error = diagram(root, &nodes).unwrap_err().to_string();
            assert!(error.contains(message), "{nodes:?}: {error}");
        }
    }
}
