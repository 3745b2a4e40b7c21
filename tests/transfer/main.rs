//! S3 transfers, against an S3 server over a folder (s3s-fs) and a server that counts parts and fails on demand.

mod folder_server;
mod listings;
mod moto;
mod part_server;
mod round_trips;
mod safety;
