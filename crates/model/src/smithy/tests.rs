//! Tests of the Smithy front end.
